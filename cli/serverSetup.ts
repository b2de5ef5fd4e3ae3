import { command } from '../shared/command/command.ts';
import { passedTo } from './passed.ts';

/** The setup asks lnd itself, where the node is. */
const FLAGS = {
  origin: {
    type: 'string',
    value: 'URL',
    needed: true,
    about: 'where browsers and wallets find it: https://tips.example',
  },
  listen: { type: 'string', value: 'ADDRESS:PORT', about: 'where the proxy finds it; 127.0.0.1:8080' },
  proxy: {
    type: 'string',
    value: 'ADDRESS',
    about: 'the proxy, or its network, where it is not on this machine',
  },
  'lnd-host': { type: 'string', value: 'HOST:PORT', about: 'lnd’s gRPC; localhost:10009' },
  'lnd-cert': { type: 'string', value: 'FILE', about: 'lnd’s tls.cert; ~/.lnd/tls.cert' },
  'admin-macaroon': {
    type: 'string',
    value: 'FILE',
    about: 'a macaroon that may bake others, used once and kept nowhere; without it an earlier one stays',
  },
  'keep-macaroon': { type: 'boolean', about: 'bake only where the macaroon that is there does not fit' },
  'route-hints': { type: 'boolean', about: 'for a node with unannounced channels alone' },
  dir: { type: 'string', value: 'DIR', about: 'for the macaroon; /etc/ampjar' },
  'unit-dir': { type: 'string', value: 'DIR', about: 'for the unit; /etc/systemd/system' },
  print: { type: 'boolean', about: 'print the unit and do nothing' },
  force: { type: 'boolean', about: 'write files anew that are there' },
} as const;

export const serverSetupCommands = [
  command({
    name: 'server-setup',
    words: [],
    flags: FLAGS,
    summary: 'set npm start up as a service beside lnd, without AWS: macaroon, systemd unit',
    more: 'Exit code 0 when lnd is as it should be, 1 when something isn’t, 2 when it can’t begin.',
    examples: [
      'server-setup --origin https://tips.example --admin-macaroon ~/.lnd/data/chain/bitcoin/mainnet/admin.macaroon',
      'server-setup --origin https://tips.example --print',
    ],
    run: passedTo('local/setup/main.ts'),
  }),
];
