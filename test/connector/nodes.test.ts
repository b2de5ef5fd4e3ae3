import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listNodes, moveAll, nodeLine, retireIdle } from '../../cli/table/nodes.ts';
import { LONGEST_EXPIRY_SECONDS } from '../../connector/invoices/mint.ts';
import { CALLS } from '../../connector/lnd/client.ts';
import { systemConnector } from '../../connector/system.ts';
import { type DevNode, startDevNode } from '../../local/node/index.ts';
import { openEmbeddedTable } from '../../local/table/index.ts';
import {
  addCreator,
  addOption,
  assignNode,
  compareSums,
  currentInvoices,
  differences,
  dueMintRequests,
  type Ledger,
  openOptionId,
  putInvoiceRequest,
  readCreator,
  readCreatorWithInvoice,
  readFeed,
  readInvoiceRequest,
  readNode,
  readNodes,
  readTip,
  readTotals,
  removeOption,
  retiredInvoices,
  tableDefinition,
} from '../../shared/ledger/index.ts';
import { gather, hex, NOW } from '../shared/ledger/book.ts';
import { PlayedLnd, setIdOf } from './played.ts';
import { openLog, openStage, type Stage, until } from './stage.ts';

/** A year less a week and a bit: invoices of the beginning are due for renewal. */
const RENEWAL_MS = 359 * 86_400_000;

describe('two nodes that share a table', () => {
  let stage: Stage;
  let second: PlayedLnd;
  let connectors: { home: ReturnType<Stage['start']>; beside: ReturnType<Stage['start']> };

  beforeEach(async () => {
    stage = await openStage();
    second = new PlayedLnd(() => stage.time.clock().getTime());
    stage.time.flow();
    const home = stage.start();
    await home.live();
    const beside = stage.start({ beside: second, holder: 'other', anotherNode: true });
    await beside.live();
    connectors = { home, beside };
  });

  afterEach(() => stage.close());

  const assign = (handle: string, { node }: PlayedLnd) =>
    assignNode(stage.ledger, handle, node, stage.time.clock());

  const currentOf = async (handle: string, optionId?: string) =>
    (await readCreatorWithInvoice(stage.ledger, handle, optionId, { consistent: true })).invoice;

  /** The invoice that an option hands out, once it is one of this node. */
  const handedOutBy = async (lnd: PlayedLnd, handle: string, optionId?: string) => {
    const { paymentAddr } = await until(async () => {
      const current = await currentOf(handle, optionId);
      return current?.payee === lnd.node && current;
    });
    return lnd.invoice(paymentAddr);
  };

  const booked = (message: any) => until(() => readTip(stage.ledger, setIdOf(message)));
  const listening = () => until(() => stage.lnd.isListenedTo && second.isListenedTo);
  const move = (from: string, to: string) =>
    moveAll({ ledger: stage.ledger, now: stage.time.clock }, from, to);
  const retire = (node: string) => retireIdle(stage.ledger, node);
  const alarms = () => [...connectors.home.alarms(), ...connectors.beside.alarms()];

  it('leave creators who have no node of their own to the one that was there first', async () => {
    expect(await readNode(stage.ledger, second.node)).toMatchObject({ beside: true });
    await addCreator(stage.ledger, { handle: 'bobby', name: 'Bob' }, NOW);
    await addOption(stage.ledger, 'alice', { label: 'Tea', amountMsat: 1_000n }, NOW, randomBytes);
    await handedOutBy(stage.lnd, 'bobby');
    await until(async () => (await gather(dueMintRequests(stage.ledger, NOW))).length === 0);
    expect(stage.lnd.invoices).toHaveLength(3);
    expect(second.invoices).toHaveLength(0);
  });

  it('let a creator move: the new node’s invoice is handed out, and what is paid to either is booked by its node', async () => {
    const before = await handedOutBy(stage.lnd, 'alice');
    await listening();
    await booked(stage.lnd.pay(before));
    await assign('alice', second);
    const after = await handedOutBy(second, 'alice');
    const tips = [stage.lnd.pay(before, { amountMsat: 2_000n }), second.pay(after, { amountMsat: 3_000n })];
    for (const [at, tip] of tips.entries())
      expect(await booked(tip)).toMatchObject({ handle: 'alice', node: [stage.lnd, second][at]!.node });
    expect(await readTotals(stage.ledger, 'alice')).toMatchObject({ count: 3n, amountMsat: 6_000n });
    expect(differences((await compareSums(stage.ledger, 'alice'))!)).toEqual([]);
    const { tips: feed } = await readFeed(stage.ledger, 'alice', { limit: 10 });
    expect(feed.map(({ sequence }) => sequence)).toEqual([3n, 2n, 1n]);
    // It is the node's that made it, whose audit goes on looking at it.
    expect(await gather(retiredInvoices(stage.ledger, stage.lnd.node, new Date(0)))).toMatchObject([
      { paymentAddr: before.paymentAddr, node: stage.lnd.node, count: 2n },
    ]);
    expect(await gather(currentInvoices(stage.ledger, stage.lnd.node))).toEqual([]);
    expect(alarms()).toEqual([]);
  });

  it('let a creator move back, with an invoice of its own each time', async () => {
    const first = await handedOutBy(stage.lnd, 'alice');
    await assign('alice', second);
    await handedOutBy(second, 'alice');
    await assign('alice', stage.lnd);
    const third = await until(async () => {
      const current = await currentOf('alice');
      return current?.payee === stage.lnd.node && current;
    });
    expect(third.paymentAddr).not.toBe(first.paymentAddr);
    expect(await readCreator(stage.ledger, 'alice', true)).not.toHaveProperty('node');
    expect(alarms()).toEqual([]);
  });

  it('find missing payments of invoices that were retired by a move', async () => {
    const before = await handedOutBy(stage.lnd, 'alice');
    await listening();
    await assign('alice', second);
    await handedOutBy(second, 'alice');
    stage.lnd.setIndex(10n);
    const unheard = stage.lnd.message(before);
    stage.lnd.books.push(unheard);
    await connectors.home.stop();
    const again = stage.start();
    expect(await booked(unheard)).toMatchObject({ node: stage.lnd.node });
    expect(again.alarms()).toMatchObject([{ alarm: 'missed' }]);
  });

  it('serve new options of a moved creator at the new node, and retire removed ones there', async () => {
    await handedOutBy(stage.lnd, 'alice');
    const tea = await addOption(
      stage.ledger,
      'alice',
      { label: 'Tea', amountMsat: 1_000n },
      NOW,
      randomBytes,
    );
    await handedOutBy(stage.lnd, 'alice', tea.id);
    await assign('alice', second);
    await handedOutBy(second, 'alice', tea.id);
    const cake = await addOption(
      stage.ledger,
      'alice',
      { label: 'Cake', amountMsat: 2_000n },
      NOW,
      randomBytes,
    );
    await handedOutBy(second, 'alice', cake.id);
    await removeOption(stage.ledger, 'alice', tea.id, stage.time.clock());
    const retired = () => gather(retiredInvoices(stage.ledger, second.node, new Date(0)));
    await until(async () => (await retired()).some(({ optionId }) => optionId === tea.id));
    expect(alarms()).toEqual([]);
  });

  it('renew in time what a node minted before its creator moved: its want is passed on', async () => {
    await handedOutBy(stage.lnd, 'alice');
    await assign('alice', second);
    const moved = await handedOutBy(second, 'alice');
    const far = new Date(NOW.getTime() + 2 * RENEWAL_MS);
    const waiting = () => gather(dueMintRequests(stage.ledger, far));
    expect(await waiting()).toMatchObject([{ handle: 'alice' }]);
    stage.time.jumpedMs += RENEWAL_MS;
    await until(async () => (await waiting()).length === 0);
    const renewed = await until(async () => {
      const current = await currentOf('alice');
      return current && current.paymentAddr !== moved.paymentAddr && current;
    });
    expect(renewed.payee).toBe(second.node);
    expect(stage.lnd.invoices).toHaveLength(1);
    // Each option has one want, with its node.
    const wants = await until(async () => {
      const found = await gather(dueMintRequests(stage.ledger, far, second.node));
      return found.length === 1 && found;
    });
    expect(wants).toMatchObject([{ handle: 'alice', node: second.node }]);
  });

  it('make good a move that broke off before the new node was told, when the old one looks again', async () => {
    const before = await handedOutBy(stage.lnd, 'alice');
    const { client, table } = stage.ledger;
    await client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: { pk: { S: 'creator#alice' }, sk: { S: 'creator' } },
        UpdateExpression: 'SET #node = :node',
        ExpressionAttributeNames: { '#node': 'node' },
        ExpressionAttributeValues: { ':node': { S: second.node } },
      }),
    );
    expect((await currentOf('alice'))!.paymentAddr).toBe(before.paymentAddr);
    stage.time.jumpedMs += RENEWAL_MS;
    await handedOutBy(second, 'alice');
    expect(stage.lnd.invoices).toHaveLength(1);
  });

  it('move everyone at once, and with them the home of those who have no node of their own', async () => {
    for (const handle of ['bobby', 'cilla']) await addCreator(stage.ledger, { handle, name: handle }, NOW);
    for (const handle of ['alice', 'bobby', 'cilla']) await handedOutBy(stage.lnd, handle);
    await assign('cilla', second);
    await handedOutBy(second, 'cilla');
    const [from, to] = [stage.lnd.node, second.node];
    const listed = await until(async () => {
      const lines = (await listNodes(stage.ledger)).map(nodeLine);
      return lines.every((line) => line.includes('  alive ')) && lines;
    });
    for (const line of listed) expect(line).toMatch(/ {2}alive 20\S+Z {2}version 0\.0\.0 {2}waiting: \d+/);
    expect(listed.map((line) => line.split('  alive ')[0])).toEqual(
      [
        `${from}  regtest  home  connector one  creators: 2  invoices handed out: 2`,
        `${to}  regtest  connector other  creators: 1  invoices handed out: 1`,
      ].sort(),
    );
    expect(await move(from, to)).toBe(2);
    for (const handle of ['alice', 'bobby']) await handedOutBy(second, handle);
    // Whoever comes after it is the new node's, too.
    await addCreator(stage.ledger, { handle: 'dora', name: 'Dora' }, NOW);
    await handedOutBy(second, 'dora');
    expect(stage.lnd.invoices).toHaveLength(3);
    await until(() => connectors.home.connector.health.state === 'live');
    expect(await move(from, to)).toBe(3);
    expect(alarms()).toEqual([]);
  });

  it('refuse to retire a node that has creators, or whose invoices are handed out still', async () => {
    await handedOutBy(stage.lnd, 'alice');
    const [from, to] = [stage.lnd.node, second.node];
    await expect(retire(from)).rejects.toThrow(/home of creators/);
    await assign('alice', second);
    await handedOutBy(second, 'alice');
    await expect(retire(to)).rejects.toThrow(/alice is with/);
    await connectors.beside.stop();
    await addCreator(stage.ledger, { handle: 'bobby', name: 'Bob' }, NOW);
    await handedOutBy(stage.lnd, 'bobby');
    await move(from, to);
    await expect(retire(from)).rejects.toThrow(/bobby hands out an invoice/);
  });

  it('let a lost node go: its creators are with another, and it is known no more', async () => {
    const before = await handedOutBy(stage.lnd, 'alice');
    await listening();
    await booked(stage.lnd.pay(before));
    await connectors.home.stop();
    await move(stage.lnd.node, second.node);
    await handedOutBy(second, 'alice');
    await retire(stage.lnd.node);
    expect(await gather(readNodes(stage.ledger))).toEqual([second.node]);
    expect(await readTotals(stage.ledger, 'alice')).toMatchObject({ count: 1n });
    // A node that was found again goes on where it was, beside the other.
    const found = stage.start({ holder: 'found' });
    await found.live();
    await until(() => stage.lnd.isListenedTo);
    await booked(stage.lnd.pay(before));
    expect(await gather(readNodes(stage.ledger))).toHaveLength(2);
    expect((await currentOf('alice'))!.payee).toBe(second.node);
  });
});

/** An AMP node and a payer with a channel to each of two, as real as the development node is. */
describe('two development nodes on one table', () => {
  let dir: string;
  let ledger: Ledger;
  let tables: Awaited<ReturnType<typeof openEmbeddedTable>>;
  let receivers: DevNode[];
  let payer: DevNode;
  const ending: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'ampjar-nodes-'));
    const shared = { network: 'regtest', clock: Date.now, random: randomBytes } as const;
    receivers = [];
    for (const alias of ['first', 'second'])
      receivers.push(await startDevNode({ ...shared, dir: join(dir, alias), alias }));
    payer = await startDevNode({ ...shared, dir: join(dir, 'payer'), alias: 'payer', peers: receivers });
    tables = await openEmbeddedTable({ dir: join(dir, 'table'), clock: Date.now });
    ledger = { client: tables.client(), table: 'ampjar' };
    await ledger.client.send(new CreateTableCommand(tableDefinition(ledger.table)));
    await addCreator(ledger, { handle: 'alice', name: 'Alice' }, new Date());
  });

  afterEach(async () => {
    for (const end of ending.splice(0)) await end();
    await Promise.all([payer, ...receivers].map((node) => node.stop()));
    await tables.close();
    rmSync(dir, { recursive: true });
  });

  async function start(node: DevNode) {
    const macaroonPath = join(dir, `${node.pubkey}.macaroon`);
    writeFileSync(macaroonPath, node.bakeMacaroon(CALLS));
    const access = { socket: node.socket, certPath: node.certPath, macaroonPath };
    const logged = openLog();
    const connector = systemConnector(access, {
      ledger,
      log: logged.log,
      holder: node.pubkey.slice(0, 8),
      expirySeconds: LONGEST_EXPIRY_SECONDS,
      routeHints: false,
      anotherNode: true,
    });
    const stop = new AbortController();
    const running = connector.run(stop.signal);
    ending.push(async () => {
      stop.abort();
      await running;
    });
    await until(() => connector.health.state === 'live');
    return logged;
  }

  const handedOutBy = ({ pubkey }: DevNode, handle: string) =>
    until(async () => {
      const { invoice } = await readCreatorWithInvoice(ledger, handle, undefined, { consistent: true });
      return invoice?.payee === pubkey && invoice;
    });

  async function pay(paymentRequest: string, amp = true) {
    const amountMsat = 2_100_000n;
    const paid = await payer.pay({ paymentRequest, amp, ...(amp && { amountMsat }) });
    expect(paid.status).toBe('SUCCEEDED');
    return until(() => readTip(ledger, paid.paymentHash));
  }

  /** Ask for an invoice, without a hint. */
  async function ask(handle: string) {
    const id = randomBytes(16).toString('base64url');
    const [optionId, descriptionHash] = [openOptionId(handle), hex('metadata')];
    const terms = { handle, optionId, amountMsat: 2_100_000n, descriptionHash, client: 'wallet' };
    await putInvoiceRequest(ledger, { id, ...terms, createdAt: new Date() });
    return until(async () => {
      const answered = await readInvoiceRequest(ledger, id);
      return answered?.status !== 'open' && answered;
    });
  }

  it('each take the tips of their own creators, before and after one moves, by AMP and by invoice', async () => {
    const [first, second] = receivers as [DevNode, DevNode];
    const logs = [await start(first), await start(second)];
    await addCreator(ledger, { handle: 'bobby', name: 'Bob' }, new Date());
    await assignNode(ledger, 'bobby', second.pubkey, new Date());
    const alices = await handedOutBy(first, 'alice');
    const bobs = await handedOutBy(second, 'bobby');
    expect(await pay(alices.paymentRequest)).toMatchObject({ handle: 'alice', node: first.pubkey });
    expect(await pay(bobs.paymentRequest)).toMatchObject({ handle: 'bobby', node: second.pubkey });
    for (const [handle, node] of [
      ['alice', first],
      ['bobby', second],
    ] as const) {
      const asked = await ask(handle);
      expect(asked.status).toBe('minted');
      const tip = await pay(asked.paymentRequest!, false);
      expect(tip).toMatchObject({ via: 'bolt11', handle, node: node.pubkey });
    }

    await assignNode(ledger, 'alice', second.pubkey, new Date());
    const moved = await handedOutBy(second, 'alice');
    expect(await pay(moved.paymentRequest)).toMatchObject({ handle: 'alice', node: second.pubkey });
    expect(await pay(alices.paymentRequest)).toMatchObject({ handle: 'alice', node: first.pubkey });
    const asked = await ask('alice');
    expect(await pay(asked.paymentRequest!, false)).toMatchObject({ handle: 'alice', node: second.pubkey });
    for (const handle of ['alice', 'bobby'])
      expect(differences((await compareSums(ledger, handle))!)).toEqual([]);
    expect(logs.flatMap((each) => each.alarms())).toEqual([]);
  });
});
