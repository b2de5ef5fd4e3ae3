import { serviceUnit } from '../../connector/setup/unit.ts';
import type { Choices } from './options.ts';

/** Where the unit keeps its table and the operator's key, under systemd's `DynamicUser`. */
export const STATE_FOLDER = '/var/lib/private/ampjar';

/** The systemd unit of `npm start`. @param machine Node.js, and the checkout */
export function unit(choices: Choices, machine: { readonly node: string; readonly root: string }): string {
  const { origin, listen, proxy, socket, lndCert, files, routeHints } = choices;
  const isV6 = listen.address.includes(':');
  const flags = [
    `--origin ${origin}`,
    `--listen ${isV6 ? `[${listen.address}]` : listen.address}:${listen.port}`,
    ...(proxy === undefined ? [] : [`--proxy ${proxy}`]),
    // systemd puts its own folder's name here.
    `--data \${STATE_DIRECTORY}`,
    `--lnd-host ${socket}`,
    ...(routeHints ? ['--route-hints'] : []),
  ];
  return serviceUnit({
    ...machine,
    description: "Ampjar: tip pages, Lightning Addresses and creators' API beside lnd",
    own: ['StateDirectory=ampjar', 'StateDirectoryMode=0700'],
    lndCert,
    macaroon: files.macaroon,
    command: `cli/main.ts server run ${flags.join(' ')}`,
    bind: `${isV6 ? 'ipv6' : 'ipv4'}:tcp:${listen.port}`,
    // The widget is built by a program of its own.
    tasks: 128,
  });
}
