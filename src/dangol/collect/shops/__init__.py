"""Shop platforms as sources: what Shopify, WooCommerce and Cafe24 tell, by webhook and when asked."""
