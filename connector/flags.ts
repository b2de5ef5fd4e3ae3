import { type Flags, JSON_FLAG } from '../shared/command/command.ts';
import { TABLE } from '../shared/place.ts';

/** Flags that name lnd and the table. */
export const NODE = {
  'lnd-host': {
    type: 'string',
    value: 'HOST:PORT',
    about: 'lnd’s gRPC, or AMPJAR_LND_HOST; localhost:10009',
  },
  'lnd-cert': { type: 'string', value: 'FILE', about: 'lnd’s tls.cert, or AMPJAR_LND_CERT' },
  'lnd-macaroon': {
    type: 'string',
    value: 'FILE',
    about: 'the connector’s macaroon, or AMPJAR_LND_MACAROON',
  },
  ...TABLE,
} as const satisfies Flags;

export const RUN = {
  ...NODE,
  expiry: {
    type: 'string',
    value: 'SECONDS',
    about: 'life of invoices, or AMPJAR_EXPIRY; a year, which is the most',
  },
  'rotate-after': {
    type: 'string',
    value: 'N',
    about: 'payments until an invoice is replaced, once an hour at most, or AMPJAR_ROTATE_AFTER; 250',
  },
  'route-hints': {
    type: 'boolean',
    about:
      'for a node with unannounced channels alone, or AMPJAR_ROUTE_HINTS=1; the macaroon needs one call more',
  },
  'another-node': {
    type: 'boolean',
    about: 'let a node in that the table does not know, beside the one that it knows',
  },
  'invoice-requests-queue': {
    type: 'string',
    value: 'URL',
    about:
      'SQS queue that tells of requests for invoices, or AMPJAR_INVOICE_REQUESTS_QUEUE; else they are found a little later',
  },
  name: {
    type: 'string',
    value: 'NAME',
    about:
      'names it in the lease, or AMPJAR_NAME: after a crash the same name leads at once; two that run must differ',
  },
  'health-port': {
    type: 'string',
    value: 'PORT',
    about: 'GET /health on 127.0.0.1, or AMPJAR_HEALTH_PORT; 0 for a free one, none by default',
  },
} as const satisfies Flags;

export const AUDIT = {
  ...NODE,
  'dry-run': { type: 'boolean', about: 'tell, and book nothing' },
  ...JSON_FLAG,
} as const satisfies Flags;

export const ADOPT = {
  ...NODE,
  yes: { type: 'boolean', about: 'take those that are named' },
  ...JSON_FLAG,
} as const satisfies Flags;

/** Flags of what is done with quarantined events. */
export const QUARANTINE = {
  node: { type: 'string', value: 'PUBKEY', about: 'whose events; needed when the table has several nodes' },
  ...TABLE,
  ...JSON_FLAG,
} as const satisfies Flags;

export const QUARANTINE_LIST = {
  ...QUARANTINE,
  all: { type: 'boolean', about: 'the closed ones, too' },
} as const satisfies Flags;

export const QUARANTINE_CLOSE = {
  ...QUARANTINE,
  reason: { type: 'string', value: 'TEXT', needed: true, about: 'why, which is kept' },
} as const satisfies Flags;

/** Flags of every setup beside lnd. */
export const LND_SETUP = {
  'lnd-host': { type: 'string', value: 'HOST:PORT', about: 'lnd’s gRPC; localhost:10009' },
  'lnd-cert': { type: 'string', value: 'FILE', about: 'lnd’s tls.cert; ~/.lnd/tls.cert' },
  'admin-macaroon': {
    type: 'string',
    value: 'FILE',
    about: 'a macaroon that may bake others, used once and kept nowhere; without it an earlier one stays',
  },
  'keep-macaroon': {
    type: 'boolean',
    about: 'with --admin-macaroon: bake only where the one that is there does not fit this release or lnd',
  },
  'route-hints': { type: 'boolean', about: 'for a node with unannounced channels alone' },
  dir: { type: 'string', value: 'DIR', about: 'for macaroon and environment; /etc/ampjar' },
  'unit-dir': { type: 'string', value: 'DIR', about: 'for the unit; /etc/systemd/system' },
  print: { type: 'boolean', about: 'print the unit and do nothing' },
  force: { type: 'boolean', about: 'write files anew that are there' },
} as const satisfies Flags;

export const SETUP = {
  ...LND_SETUP,
  outputs: { type: 'string', value: 'FILE', about: 'what ampjar deploy wrote; ampjar.outputs.json' },
  stack: { type: 'string', value: 'NAME', about: 'the stack in it, when there are several' },
  table: { type: 'string', value: 'NAME', about: 'the table, in place of the outputs’' },
  region: { type: 'string', value: 'REGION', about: 'its AWS Region, in place of the outputs’' },
  'invoice-requests-queue': {
    type: 'string',
    value: 'URL',
    about: 'the queue that tells of requests for invoices, in place of the outputs’',
  },
  endpoint: { type: 'string', value: 'URL', about: 'where DynamoDB answers; AWS' },
  'another-node': { type: 'boolean', about: 'for a table that knows another node' },
  instance: {
    type: 'string',
    value: 'NAME',
    about: 'a further connector on this machine: names its files and its unit',
  },
  'health-port': { type: 'string', value: 'PORT', about: 'where it tells how it fares, on loopback; 9911' },
  'aws-certificate': {
    type: 'string',
    value: 'FILE',
    about: 'this host’s certificate, for IAM Roles Anywhere',
  },
  'aws-key': { type: 'string', value: 'FILE', about: 'and its key' },
  'signing-helper': { type: 'string', value: 'FILE', about: '/usr/local/bin/aws_signing_helper' },
  'no-unit': { type: 'boolean', about: 'no unit: for a container' },
} as const satisfies Flags;
