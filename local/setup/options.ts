import { join, resolve } from 'node:path';
import type { ParseArgsConfig } from 'node:util';
import { OptionError } from '../../connector/options.ts';
import { plain } from '../../connector/setup/environment.ts';
import { macaroonChoice } from '../../connector/setup/options.ts';
import type { FlagValues } from '../../shared/command/flags.ts';
import { type Listening, readListening, readOrigin, readProxies } from '../options.ts';

const DIR = '/etc/ampjar';
const UNIT_DIR = '/etc/systemd/system';

export const HELP = `ampjar server-setup --origin URL [flags]: sets npm start up as a service beside lnd (docs/self-hosting.md)

Looks at lnd, has it bake the macaroon that allows what Ampjar does and no more, and writes that and a systemd unit.
Exit code 0 when all works, 1 when something doesn't, 2 when it can't begin.

  --origin URL             where browsers and wallets find it, through nginx or Caddy: https://tips.example
  --listen ADDRESS:PORT    where the proxy finds it, default 127.0.0.1:8080
  --proxy ADDRESS[/BITS]   the proxy, where it is not on this machine; several by commas
  --lnd-host HOST:PORT     lnd's gRPC, default localhost:10009
  --lnd-cert FILE          lnd's tls.cert, default ~/.lnd/tls.cert
  --admin-macaroon FILE    a macaroon that may bake others; used once, kept nowhere. Without it the one that an earlier setup
                           baked stays
  --keep-macaroon          bake only where the macaroon that is there does not fit: this release makes other calls, or lnd does
                           not take it. For upgrades, with --admin-macaroon
  --route-hints            for a node with unannounced channels alone
  --dir DIR                for the macaroon, default ${DIR}
  --unit-dir DIR           for the unit, default ${UNIT_DIR}
  --print                  print the unit and do nothing
  --force                  write files anew that are there
`;

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

/** The flags of the command. */
export const FLAGS = {
  origin: text,
  listen: text,
  proxy: text,
  'lnd-host': text,
  'lnd-cert': text,
  'admin-macaroon': text,
  'keep-macaroon': flag,
  'route-hints': flag,
  dir: text,
  'unit-dir': text,
  print: flag,
  force: flag,
} as const satisfies ParseArgsConfig['options'];

export type Values = FlagValues<typeof FLAGS>;

/** What a setup is told; all paths are whole. */
export interface Choices {
  readonly origin: string;
  readonly listen: Listening;
  /** As it was given. */
  readonly proxy?: string;
  readonly socket: string;
  readonly lndCert: string;
  readonly adminMacaroon?: string;
  readonly keepMacaroon: boolean;
  readonly routeHints: boolean;
  readonly files: { readonly macaroon: string; readonly unit: string };
  readonly force: boolean;
}

/** Read what a setup is told. @throws OptionError */
export function readChoices(values: Values, env: Record<string, string | undefined>): Choices {
  const path = (flag: string, value: string) => plain(flag, resolve(value));
  const { proxy } = values;
  if (values.origin === undefined)
    throw new OptionError('--origin: missing, expected where browsers find it, as https://tips.example');
  const origin = readOrigin(values.origin);
  readProxies(proxy, origin);
  const listen = readListening({ listen: values.listen, port: undefined }, origin);
  if (listen.port === 0) throw new OptionError('--listen: the proxy needs a port that stays, 1 to 65535');
  return {
    origin,
    listen,
    ...(proxy !== undefined && { proxy: plain('--proxy', proxy) }),
    socket: plain('--lnd-host', values['lnd-host'] ?? 'localhost:10009'),
    lndCert: path('--lnd-cert', values['lnd-cert'] ?? join(env.HOME ?? '/root', '.lnd/tls.cert')),
    ...macaroonChoice(values),
    routeHints: values['route-hints'] ?? false,
    files: {
      macaroon: join(path('--dir', values.dir ?? DIR), 'lnd.macaroon'),
      unit: join(path('--unit-dir', values['unit-dir'] ?? UNIT_DIR), 'ampjar.service'),
    },
    force: values.force ?? false,
  };
}
