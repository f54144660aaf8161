/** What a tag of requests may be called: what needs no quoting, in a query or anywhere else. */
export const TAG_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,63}$/;
