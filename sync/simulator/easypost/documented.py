"""Every error EasyPost documents that a shipment or a tracker can meet, with its words and HTTP status."""

from collections.abc import Mapping

CODES: Mapping[str, tuple[str, int]] = {
    "BAD_REQUEST": ("The request could not be understood.", 400),
    "UNAUTHORIZED": ("The API key is missing or not valid.", 401),
    "PAYMENT_REQUIRED": ("Insufficient funds; add a payment method.", 402),
    "FORBIDDEN": ("You may not do that.", 403),
    "NOT_FOUND": ("The requested resource could not be found.", 404),
    "METHOD_NOT_ALLOWED": ("The method is not allowed here.", 405),
    "REQUEST_TIMEOUT": ("The request took too long.", 408),
    "ADDRESS.VERIFY.FAILURE": ("Unable to verify address.", 422),
    "PARAMETER.REQUIRED": ("Missing required parameter.", 422),
    "PARAMETER.INVALID": ("Invalid parameter.", 422),
    "SHIPMENT.POSTAGE.FAILURE": ("The carrier refused to sell the postage.", 422),
    "SHIPMENT.POSTAGE.EXISTS": ("Postage already exists for this shipment.", 422),
    "SHIPMENT.POSTAGE.NO_RESPONSE": ("The carrier did not answer.", 422),
    "SHIPMENT.POSTAGE.TIMED_OUT": ("The carrier took too long to answer.", 422),
    "SHIPMENT.POSTAGE.FORMAT_UNAVAILABLE": ("The label format is not available.", 422),
    "SHIPMENT.PURCHASE.IN_PROGRESS": ("The purchase is in progress.", 422),
    "SHIPMENT.INSURANCE.ALREADY_PURCHASED": ("Insurance was already purchased.", 422),
    "SHIPMENT.RATES.UNAVAILABLE": ("The rate is not available; rate the shipment again.", 422),
    "SHIPMENT.RATE.CARRIER_ACCOUNT_INVALID": ("The carrier account is not valid.", 422),
    "SHIPMENT.REFUND.UNAVAILABLE": ("There is no postage to refund for this shipment.", 422),
    "REFUND.NO_RESPONSE": ("The carrier did not answer.", 422),
    "TRACKER.INVALID_TEST_CODE": ("The tracking code is not valid in test mode.", 422),
    "TRACKER.NO_CARRIER_FOR_CODE": ("No carrier is known for this tracking code.", 422),
    "RATE_LIMITED": ("You are making too many requests; slow down.", 429),
    "INTERNAL_SERVER_ERROR": ("We are sorry, something went wrong on our side.", 500),
    "SERVICE_UNAVAILABLE": ("The service is not available.", 503),
    "GATEWAY_TIMEOUT": ("The gateway timed out.", 504),
}
