/** Writes an eviction to the account of a budget: a subresource that only commands have, and no request. */
export const CHARGE = 'charge';
