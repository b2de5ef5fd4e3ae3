import { Resolver } from 'node:dns/promises';

/** All addresses of a name. */
export type Resolve = (host: string, signal: AbortSignal) => Promise<string[]>;

const TIMEOUT_MS = 2_000;
const TRIES = 2;

export interface DnsOptions {
  /** `address:port` of name servers instead of the machine's own. */
  readonly servers?: readonly string[];
  /** How long the first of two questions to a server waits. */
  readonly timeoutMs?: number;
}

/**
 * Asks DNS for A and AAAA records. Neither the machine's own hosts file nor its pool of threads has a part in it: names
 * that mean something only here stay unknown, and a name whose servers are slow holds up no other.
 * @throws the resolver's error where neither family is found
 */
export const dns =
  ({ servers, timeoutMs = TIMEOUT_MS }: DnsOptions = {}): Resolve =>
  async (host, signal) => {
    const resolver = new Resolver({ timeout: timeoutMs, tries: TRIES });
    if (servers) resolver.setServers(servers);
    const cancel = () => resolver.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      const found = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
      const addresses = found.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
      // A name may well have addresses of one family alone.
      if (addresses.length === 0) throw (found[0] as PromiseRejectedResult).reason;
      return addresses;
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  };
