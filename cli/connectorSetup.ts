import { command } from '../shared/command/command.ts';
import { passedTo } from './passed.ts';

/** The setup asks lnd and AWS themselves, where the node is. */
const FLAGS = {
  'lnd-host': { type: 'string', value: 'HOST:PORT', about: 'lnd’s gRPC; localhost:10009' },
  'lnd-cert': { type: 'string', value: 'FILE', about: 'lnd’s tls.cert; ~/.lnd/tls.cert' },
  'admin-macaroon': {
    type: 'string',
    value: 'FILE',
    about: 'a macaroon that may bake others, used once and kept nowhere; without it an earlier one stays',
  },
  outputs: { type: 'string', value: 'FILE', about: 'what npm run deploy wrote; ampjar.outputs.json' },
  stack: { type: 'string', value: 'NAME', about: 'the stack in it, when there are several' },
  table: { type: 'string', value: 'NAME', about: 'the table, in place of the outputs’' },
  region: { type: 'string', value: 'REGION', about: 'its AWS Region, in place of the outputs’' },
  'asks-queue': {
    type: 'string',
    value: 'URL',
    about: 'the queue that hints at asks, in place of the outputs’',
  },
  endpoint: { type: 'string', value: 'URL', about: 'where DynamoDB answers; AWS' },
  'keep-macaroon': { type: 'boolean', about: 'bake only where the macaroon that is there does not fit' },
  'route-hints': { type: 'boolean', about: 'for a node with unannounced channels alone' },
  'another-node': { type: 'boolean', about: 'for a table that knows another node' },
  instance: { type: 'string', value: 'NAME', about: 'a further connector on this machine' },
  'health-port': { type: 'string', value: 'PORT', about: 'where it tells how it fares, on loopback; 9911' },
  'aws-certificate': {
    type: 'string',
    value: 'FILE',
    about: 'this host’s certificate, for IAM Roles Anywhere',
  },
  'aws-key': { type: 'string', value: 'FILE', about: 'and its key' },
  'signing-helper': { type: 'string', value: 'FILE', about: '/usr/local/bin/aws_signing_helper' },
  dir: { type: 'string', value: 'DIR', about: 'for macaroon and environment; /etc/ampjar' },
  'unit-dir': { type: 'string', value: 'DIR', about: 'for the unit; /etc/systemd/system' },
  'no-unit': { type: 'boolean', about: 'no unit: for a container' },
  print: { type: 'boolean', about: 'print the unit and do nothing' },
  force: { type: 'boolean', about: 'write files anew that are there' },
} as const;

export const connectorSetupCommands = [
  command({
    name: 'connector-setup',
    words: [],
    flags: FLAGS,
    summary: 'set a connector up beside lnd: macaroon, environment, systemd unit; and try both its ends',
    more: 'Exit code 0 when lnd, table and queue do, 1 when one doesn’t, 2 when it can’t begin.',
    examples: [
      'connector-setup --lnd-cert ~/.lnd/tls.cert --admin-macaroon ~/.lnd/data/chain/bitcoin/mainnet/admin.macaroon',
      'connector-setup --print',
    ],
    run: passedTo('connector/setup/main.ts'),
  }),
];
