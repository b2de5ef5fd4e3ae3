import { LND_SETUP } from '../connector/flags.ts';
import type { Flags } from '../shared/command/command.ts';

const LISTENING = {
  listen: {
    type: 'string',
    value: 'ADDRESS:PORT',
    about: 'where it answers HTTP; 127.0.0.1:8080, port 0 for a free one',
  },
} as const satisfies Flags;

const PROXY = {
  proxy: {
    type: 'string',
    value: 'ADDRESS[/BITS]',
    about: 'whose X-Forwarded-For is believed, with --origin; several by commas, this machine’s unless told',
  },
} as const satisfies Flags;

const ORIGIN_ABOUT =
  'where browsers and wallets find it, through a proxy with a certificate: https://tips.example';

export const START = {
  origin: { type: 'string', value: 'URL', about: `${ORIGIN_ABOUT}; else it is for this machine alone` },
  ...LISTENING,
  port: { type: 'string', value: 'N', about: 'the port alone' },
  ...PROXY,
  data: {
    type: 'string',
    value: 'DIR',
    about: 'where the table lives; data on the development node, data-lnd beside an lnd',
  },
  'lnd-host': { type: 'string', value: 'HOST:PORT', about: 'lnd’s gRPC; localhost:10009' },
  'lnd-cert': { type: 'string', value: 'FILE', about: 'lnd’s tls.cert' },
  'lnd-macaroon': {
    type: 'string',
    value: 'FILE',
    about: 'the connector’s macaroon; connector run --help says how to bake it',
  },
  'route-hints': { type: 'boolean', about: 'mint with route hints' },
  'loopback-webhooks': {
    type: 'boolean',
    about:
      'post webhooks to this machine, too, which every creator’s key then may have probed; so it is on play money',
  },
} as const satisfies Flags;

/** Beside lnd, which it can't do without. */
export const SERVER_RUN = {
  ...START,
  'lnd-cert': { ...START['lnd-cert'], needed: true },
  'lnd-macaroon': { ...START['lnd-macaroon'], needed: true },
} as const satisfies Flags;

export const SERVER_SETUP = {
  origin: { type: 'string', value: 'URL', needed: true, about: ORIGIN_ABOUT },
  ...LISTENING,
  ...PROXY,
  ...LND_SETUP,
} as const satisfies Flags;

export const BACKUP = {
  data: {
    type: 'string',
    value: 'DIR',
    needed: true,
    about: 'where npm start has it, as data-lnd or /var/lib/private/ampjar',
  },
  to: {
    type: 'string',
    value: 'DIR',
    needed: true,
    about: 'a new or empty folder, which npm start can be given by --data',
  },
} as const satisfies Flags;

export const TIP = {
  url: {
    type: 'string',
    value: 'URL',
    about: 'where npm start listens, or AMPJAR_URL; http://127.0.0.1:8080',
  },
  option: { type: 'string', value: 'ID', about: 'a tip option of the creator; the open one' },
  shards: { type: 'string', value: 'N', about: 'how many shards to split the payment into, 1 to 100; 1' },
} as const satisfies Flags;

export const DEV_TABLE = {
  data: { type: 'string', value: 'DIR', needed: true, about: 'where it lives; made when missing' },
  port: {
    type: 'string',
    value: 'N',
    about: 'where it answers as DynamoDB, on 127.0.0.1; 8000, 0 for a free one',
  },
} as const satisfies Flags;

export const DEV_NODE = {
  data: {
    type: 'string',
    value: 'DIR',
    needed: true,
    about: 'where they keep keys, certificates, macaroons and what they know; made when missing',
  },
  port: { type: 'string', value: 'N', about: 'gRPC of the jar, on 127.0.0.1; a free one unless told' },
  'payer-port': { type: 'string', value: 'N', about: 'and of the payer' },
} as const satisfies Flags;
