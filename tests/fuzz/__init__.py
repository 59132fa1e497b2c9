"""Whatever the OpenAPI document allows and forbids, sent to a daemon's listener by Schemathesis with all its checks.

Where to look
    run        the house that is asked, and one run of Schemathesis over it
    __main__   `make api-fuzz`
    test_fuzz  the same for a few seconds
"""
