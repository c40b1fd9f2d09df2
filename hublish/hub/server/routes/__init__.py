"""The handlers of all calls; the table in `app` maps method and path to them."""
