/** The forms of ids, as they cross the wire. Each is one regular expression, for checks, schemas and documents alike. */

/** A creator's name in addresses: 2 to 30 lower case letters, digits and single hyphens within, as a DNS label and the name of a Lightning Address. */
export const HANDLE = /^(?=.{2,30}$)[a-z0-9]+(-[a-z0-9]+)*$/;
/** A tip option: ten letters and digits, none of which looks like another. */
export const OPTION_ID = /^[a-km-np-z2-9]{10}$/;
/** 32 bytes in hex: a set id, a payment hash, a payment address. */
export const HEX_32 = /^[0-9a-f]{64}$/;
/** The public key of a node, compressed, in hex. */
export const PUBLIC_KEY = /^0[23][0-9a-f]{64}$/;
/** The public id of a tip: 16 bytes in base64url. */
export const TIP_ID = /^[A-Za-z0-9_-]{22}$/;
