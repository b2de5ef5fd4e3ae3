import { readAmpInvoice } from '../shared/bolt11/index.ts';
import { startNetwork } from '../test/regtest/harness/network.ts';
import { type Bench, judged, type Row, type Setting, versus } from './bench.ts';
import { startChild } from './child.ts';
import { connectorAccess, HOW_TO_GET_LND, invoicesMade, openRest } from './lnd.ts';
import { askFor } from './load.ts';
import { openDevNode } from './node.ts';
import type { Jar } from './processes/jar.ts';
import type { Lnurl, LnurlInput } from './processes/lnurlServer.ts';
import type { MemoryRoute } from './processes/memoryRoute.ts';
import { inTurns } from './rounds.ts';

const PATH = '/v1/creators/alice/invoice';
const CONNECTIONS = 50;
/** What the connection adds to an answer's own headers. */
const OF_CONNECTION = ['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding'];

/** The node that the invoices are of: lnd with its REST side open, or a development node. */
async function openNode(setting: Setting) {
  if (!setting.hasLnd) return openDevNode(setting);
  const network = await startNetwork({ nodes: ['jar'] });
  setting.defer(() => network.stop());
  const { jar } = network.nodes;
  const restPort = await openRest(jar);
  return {
    access: await connectorAccess(jar),
    made: () => invoicesMade(jar),
    lnurl: { hostname: `127.0.0.1:${restPort}`, cert: jar.certPath, macaroon: jar.adminMacaroonPath },
  };
}

const ownHeaders = (answer: Response): Record<string, string> =>
  Object.fromEntries([...answer.headers].filter(([name]) => !OF_CONNECTION.includes(name)));

/** A route that gives the answer of a URL from memory, found to be the same answer. */
async function openMemoryRoute(url: string, defer: Setting['defer']): Promise<string> {
  const answer = await fetch(url);
  const body = await answer.text();
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${body}`);
  readAmpInvoice(JSON.parse(body).paymentRequest);
  const given = { path: PATH, headers: ownHeaders(answer), body };
  const route = await startChild<MemoryRoute>('memoryRoute', given);
  defer(() => route.stop());
  const ofRoute = (await route.ask('url')) + PATH;
  const same = await fetch(ofRoute);
  const asSent = (one: Response, text: string) => JSON.stringify([ownHeaders(one), text]);
  if (asSent(same, await same.text()) !== asSent(answer, body))
    throw new Error('the route from memory answers something else');
  return ofRoute;
}

async function openLnurl(input: LnurlInput, defer: Setting['defer']): Promise<string> {
  const server = await startChild<Lnurl>('lnurlServer', input);
  defer(() => server.stop());
  const url = await server.ask('callback');
  const { pr } = (await (await fetch(url)).json()) as { pr?: string };
  if (!pr?.startsWith('ln')) throw new Error(`lnurl on ${input.backend} gives no invoice`);
  return url;
}

async function run(setting: Setting): Promise<Row[]> {
  const { quick, hasLnd, folder, defer, note } = setting;
  note(hasLnd ? 'starting lnd' : `lnurl on lnd left out: ${HOW_TO_GET_LND}`);
  const node = await openNode(setting);
  const openJar = async (reads: 'shared' | 'each'): Promise<string> => {
    const jar = await startChild<Jar>('jar', { dir: folder(reads), access: node.access, reads });
    defer(() => jar.stop());
    await jar.ask('join', 'alice');
    return (await jar.ask('addresses')).url + PATH;
  };
  const sharing = await openJar('shared');
  const urls = {
    shared: sharing,
    memory: await openMemoryRoute(sharing, defer),
    each: await openJar('each'),
    lnurlDummy: await openLnurl({ backend: 'dummy', config: {} }, defer),
    ...('lnurl' in node && { lnurlLnd: await openLnurl({ backend: 'lnd', config: node.lnurl }, defer) }),
  };

  // Short turns and many of them: the machine's moods last longer than a second.
  const load = { seconds: quick ? 0.5 : 1, connections: CONNECTIONS };
  const rounds = quick ? 1 : 15;
  let written = 0;
  const ask = async (name: string, url: string): Promise<number> => {
    const before = await node.made();
    const rate = await askFor(url, load);
    if (!name.startsWith('lnurl')) written += (await node.made()) - before;
    return rate;
  };
  const turns = Object.entries(urls).map(([name, url]) => [name, () => ask(name, url)]);
  note(`${rounds} rounds of ${Object.keys(urls).join(', ')}`);
  const rates: Record<keyof typeof urls, number[]> = await inTurns(Object.fromEntries(turns), rounds);

  const memory = 'the same bytes from memory';
  const shared = (rival: string, of: number[]) =>
    versus('reads shared by a turn of the event loop', '/s', rates.shared, [rival, of]);
  return [
    judged(shared(memory, rates.memory), { atLeast: 0.55 }),
    versus('one read of the SDK a request', '/s', rates.each, [memory, rates.memory]),
    shared('lnurl on its dummy backend', rates.lnurlDummy),
    ...(rates.lnurlLnd ? [judged(shared('lnurl on lnd', rates.lnurlLnd), { atLeast: 25 })] : []),
    judged({ what: 'invoices made at the node by asking ours', value: written, unit: '' }, { atMost: 0 }),
  ];
}

export const invoice: Bench = {
  name: 'invoice',
  about: 'a payable invoice of a creator over HTTP, against npm lnurl',
  lnd: 'some',
  run,
};
