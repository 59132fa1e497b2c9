"""Demand that is known and not reserved yet: unpaid orders, held ones, and those that wait for stock. It is nobody else's to sell."""

from __future__ import annotations

UNRESERVED_DEMAND = """
SELECT coalesce(m.id, p.id) AS product_id, coalesce(p.location_id, s.location_id) AS location_id,
       sum((i.quantity - i.cancelled_quantity - i.shipped_quantity) * coalesce(part.quantity, 1))::bigint AS units
FROM work w
JOIN orders o ON o.id = w.order_id
JOIN shops s ON s.id = o.shop_id
JOIN order_items i ON i.order_id = o.id AND i.quantity > i.cancelled_quantity
LEFT JOIN product_aliases a ON a.user_id = o.user_id AND a.sku = i.product_sku
JOIN products p ON p.user_id = o.user_id AND p.sku = coalesce(a.product_sku, i.product_sku)
LEFT JOIN LATERAL jsonb_to_recordset(p.components) AS part(sku text, quantity int) ON true
LEFT JOIN products m ON m.user_id = p.user_id AND m.sku = part.sku
WHERE w.waiting_for IN ('payment', 'stock', 'hold', 'paused', 'retry', 'rest', 'person', '') AND NOT o.fulfilled_by_tiktok
  AND (o.workflow_status IN ('new', 'validated') OR o.workflow_status = 'failed' AND o.failed_from IN ('new', 'validated'))
  AND o.order_status <> 'cancelled'
GROUP BY 1, 2
"""
"""A query: units by product and location; a kit counts as its components. What an observed shop sold is not this ledger's to give.

It reads the work of orders at their beginning only, a small part of what is open, and needs no index on anything that moves fast.
"""
