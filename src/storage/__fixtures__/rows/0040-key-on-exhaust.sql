UPDATE api_key SET on_exhaust = 'downgrade', on_exhaust_model = 'acme/gone'
WHERE hash = '74b32c97f1d324e98083f75ebe0020a2a52ac1e700e8fda4325e29489b1f2f28';

UPDATE api_key SET on_exhaust = 'refuse' WHERE hash = 'e2478f520365cd481f4f696caabbe01d1994581ac7bd477dcc927bd7afae1287';
