import { BlockList, isIP } from 'node:net';
import { readLndAccess } from '../connector/options.ts';
import type { LndAccess } from '../connector/system.ts';
import type { Values } from '../shared/command/command.ts';
import { UsageError } from '../shared/command/failures.ts';
import { isLoopback } from '../shared/place.ts';
import { isLoopbackHost } from '../shared/server/loopback.ts';
import type { START } from './flags.ts';

type StartValues = Values<typeof START>;

/** Where the HTTP side answers. */
export interface Listening {
  /** An IP address. */
  readonly address: string;
  /** 0 for a free one. */
  readonly port: number;
}

/** What `npm start` is told. */
export interface StartOptions {
  readonly listen: Listening;
  /** Where the world finds it, without a slash at the end; undefined for this machine alone. */
  readonly origin: string | undefined;
  readonly proxies: BlockList;
  /** The folder of the table. */
  readonly data: string;
  /** The real lnd; undefined for the development node. */
  readonly lnd: (LndAccess & { readonly routeHints: boolean }) | undefined;
  /** Whether webhooks may go to this machine: for who writes a receiver. Elsewhere creators aren't who runs it. */
  readonly loopbackWebhooks: boolean;
}

/** Read what `npm start` is told. @throws UsageError, MacaroonError */
export async function readOptions(values: StartValues): Promise<StartOptions> {
  const origin = values.origin === undefined ? undefined : readOrigin(values.origin);
  const lnd = await readLnd(values);
  return {
    listen: readListening(values, origin),
    origin,
    proxies: readProxies(values.proxy, origin),
    // Play money and real must never meet in one table.
    data: values.data ?? (lnd ? 'data-lnd' : 'data'),
    lnd,
    loopbackWebhooks: values['loopback-webhooks'] ?? (lnd === undefined && origin === undefined),
  };
}

async function readLnd(values: StartValues): Promise<StartOptions['lnd']> {
  const routeHints = values['route-hints'] ?? false;
  const [cert, macaroon] = [values['lnd-cert'], values['lnd-macaroon']];
  if (cert !== undefined && macaroon !== undefined)
    return { ...(await readLndAccess(values, {}, routeHints)), routeHints };
  for (const flag of ['lnd-cert', 'lnd-macaroon', 'lnd-host', 'route-hints'] as const)
    if (values[flag] !== undefined)
      throw new UsageError(
        `--${flag}: a real lnd needs --lnd-cert and --lnd-macaroon, and ${cert === undefined ? '--lnd-cert' : '--lnd-macaroon'} is missing`,
      );
  return undefined;
}

/**
 * Read where the world finds a site.
 * @throws UsageError
 * @see LUD-06: a wallet asks by https, and by http where the name is an onion service's
 */
export function readOrigin(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isOpen(url.hostname));
  if (url && isSafe && url.href === `${url.origin}/` && !url.hostname.endsWith('.')) return url.origin;
  throw new UsageError(
    `--origin: ${JSON.stringify(value.slice(0, 80))} is not an origin like https://tips.example, without a path`,
  );
}

const isOpen = (hostname: string) => hostname.endsWith('.onion') || isLoopbackHost(hostname);

/** Read where a site listens; what others can reach needs an origin. @throws UsageError */
export function readListening(
  { listen, port }: Pick<StartValues, 'listen' | 'port'>,
  origin: string | undefined,
): Listening {
  if (listen !== undefined && port !== undefined)
    throw new UsageError('--port: --listen says where it listens already');
  if (listen === undefined) return { address: '127.0.0.1', port: readPort('--port', port ?? '8080') };
  const [, host = '', given = ''] = /^(.*):([^:]*)$/.exec(listen) ?? [];
  const address = host === 'localhost' ? '127.0.0.1' : host.replace(/^\[(.*)\]$/, '$1');
  if (isIP(address) === 0 || (isIP(address) === 6) !== host.startsWith('['))
    throw new UsageError(
      `--listen: ${JSON.stringify(listen.slice(0, 80))} is not an address and a port, as 127.0.0.1:8080 or [::1]:8080`,
    );
  if (origin === undefined && !isLoopback(`http://${host}`))
    throw new UsageError(`--listen: others than this machine reach ${host}, which needs --origin`);
  return { address, port: readPort('--listen', given) };
}

function readPort(flag: string, value: string): number {
  if (/^\d{1,5}$/.test(value) && Number(value) <= 65_535) return Number(value);
  throw new UsageError(`${flag}: ${JSON.stringify(value.slice(0, 80))} is not a port from 0 to 65535`);
}

/** Read whose word is taken for the address of who asks. Without an origin it is nobody's: there is no proxy. @throws UsageError */
export function readProxies(value: string | undefined, origin: string | undefined): BlockList {
  const proxies = new BlockList();
  if (value !== undefined && origin === undefined)
    throw new UsageError('--proxy: there is none without --origin');
  if (origin === undefined) return proxies;
  for (const each of (value ?? '127.0.0.0/8,::1').split(',')) {
    const [, address = '', bits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(each) ?? [];
    const family = isIP(address);
    const most = family === 4 ? 32 : 128;
    if (family === 0 || Number(bits ?? most) > most)
      throw new UsageError(
        `--proxy: ${JSON.stringify(each.slice(0, 80))} is not an IP address or network, as 172.18.0.0/16`,
      );
    proxies.addSubnet(address, Number(bits ?? most), family === 4 ? 'ipv4' : 'ipv6');
  }
  return proxies;
}
