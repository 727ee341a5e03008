/** Addresses as ladders write them. */

export const familyOf = (address: string): 4 | 6 => (address.includes(":") ? 6 : 4);

/** As it stands in a URI: IPv6 in brackets. */
export const uriHost = (address: string): string => (address.includes(":") ? `[${address}]` : address);
