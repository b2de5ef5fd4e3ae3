import { command } from '../shared/command/command.ts';
import { TABLE } from '../shared/place.ts';
import { passedTo } from './passed.ts';

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
} as const;

export const connectorCommands = [
  command({
    name: 'connector adopt',
    words: ['[PAYMENT_ADDRESS...]'],
    flags: { ...NODE, yes: { type: 'boolean', about: 'take those that are named' } },
    summary: 'invoices at lnd that say they are ours and that the table does not know; take some',
    more: 'Exit code 0, or 2 when one that is named can’t be taken.',
    examples: [
      'connector adopt --lnd-cert tls.cert --lnd-macaroon connector.macaroon',
      `connector adopt ${'5e'.repeat(32)} --yes --lnd-cert tls.cert --lnd-macaroon connector.macaroon`,
    ],
    run: passedTo('connector/invoices/adoptCommand.ts'),
  }),
  command({
    name: 'connector rotate-secret',
    words: [],
    flags: TABLE,
    summary: 'another secret for the memos of invoices, after a leak',
    more: 'Connectors that run take it up within seconds.',
    examples: ['connector rotate-secret --table ampjar --region eu-central-1'],
    run: passedTo('connector/invoices/rotateSecretCommand.ts'),
  }),
];
