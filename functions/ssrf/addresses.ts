import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

// CommonJS, whose names Node does not tell apart.
const { IPv4, IPv6, parse } = ipaddr;

/** All of the unicast addresses that IANA has given out so far; what lies beside is nobody's (RFC 4291, 2.4). */
const GLOBAL_UNICAST = IPv6.parseCIDR('2000::/3');

/** Azure answers machines of its own here, on an address that looks like anyone's. */
const AZURE_HOST = '168.63.129.16';

/**
 * Whether an address is one of the public internet: the only ones that are posted to. Refused is whatever a registry
 * sets apart: private, loopback, link-local (where clouds keep their metadata), carrier's NAT, multicast, reserved, documentation and
 * benchmark networks; and of IPv6 all that carries an IPv4 address on to somewhere else, whichever it is: mapped and
 * compatible ones, NAT64, 6to4, Teredo.
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry
 * @see https://www.iana.org/assignments/iana-ipv6-special-registry
 */
export function isPublicAddress(address: string): boolean {
  if (!isPlain(address)) return false;
  const parsed = parse(address);
  if (parsed.range() !== 'unicast') return false;
  return parsed instanceof IPv4 ? parsed.toString() !== AZURE_HOST : parsed.match(GLOBAL_UNICAST);
}

/** Whether an address is this machine's own. */
export function isLoopbackAddress(address: string): boolean {
  return isPlain(address) && parse(address).range() === 'loopback';
}

/** ipaddr.js reads octal, hexadecimal and short spellings, too, of which the resolver gives none. */
const isPlain = (address: string) => isIP(address) !== 0 && !address.includes('%');
