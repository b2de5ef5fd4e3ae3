import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { moveAll } from '../../cli/table/nodes.ts';
import {
  addCreator,
  addOption,
  assignNode,
  compareSums,
  currentInvoices,
  differences,
  dueMintRequests,
  readCreators,
  readCurrentInvoices,
  readNode,
  readTip,
  readTotals,
} from '../../shared/ledger/index.ts';
import { Random } from '../faults/random.ts';
import { gather, NOW } from '../shared/ledger/book.ts';
import { PlayedLnd, setIdOf } from './played.ts';
import { openStage, type Stage, until } from './stage.ts';

const HANDLES = ['alice', 'bobby', 'cilla'];
const STEPS = 60;

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
  stage.time.flow();
});
afterEach(() => stage.close());

describe('creators who move between three nodes while they are paid, and connectors come and go', () => {
  it.each([1, 2, 3, 4])('lose nothing and are handed out by their node in the end (%i)', async (seed) => {
    const { ledger, time } = stage;
    const random = new Random(String(seed));
    const lnds = [stage.lnd, ...[1, 2].map(() => new PlayedLnd(() => time.clock().getTime()))];
    const pick = <T>(items: readonly T[]): T => items[random.int(0, items.length - 1)]!;
    const start = (at: number) =>
      stage.start({
        beside: lnds[at]!,
        holder: `node ${at}`,
        anotherNode: true,
        rotateRestMs: 0,
        rotateAfter: 4,
      });
    const running: (ReturnType<typeof start> | undefined)[] = [];
    for (const at of lnds.keys()) {
      running[at] = start(at);
      await until(() => lnds[at]!.isListenedTo);
    }
    for (const handle of HANDLES.slice(1)) await addCreator(ledger, { handle, name: handle }, NOW);

    const paid: { message: any; node: string }[] = [];
    const home = async () => {
      for (const lnd of lnds) if (!(await readNode(ledger, lnd.node))?.beside) return lnd.node;
      throw new Error('no node is the home');
    };
    const steps: (() => Promise<unknown>)[] = [
      // To any invoice that there ever was.
      ...Array.from({ length: 6 }, () => async () => {
        const lnd = pick(lnds.filter(({ invoices }) => invoices.length > 0));
        const message = lnd.pay(pick(lnd.invoices), { amountMsat: BigInt(random.int(1, 9)) * 1_000n });
        paid.push({ message, node: lnd.node });
      }),
      ...Array.from(
        { length: 3 },
        () => () => assignNode(ledger, pick(HANDLES), pick(lnds).node, time.clock()),
      ),
      async () => {
        const from = await home();
        const to = pick(lnds.map(({ node }) => node).filter((node) => node !== from));
        await moveAll({ ledger, now: time.clock }, from, to);
      },
      () =>
        addOption(
          ledger,
          pick(HANDLES),
          { label: 'One more', amountMsat: 1_000n },
          time.clock(),
          randomBytes,
        ),
      async () => {
        const at = random.int(0, lnds.length - 1);
        await running[at]?.stop();
        running[at] = random.chance(0.5) ? start(at) : undefined;
      },
      () => new Promise((resolve) => setTimeout(resolve, random.int(1, 30))),
    ];
    for (let step = 0; step < STEPS; step++) await pick(steps)();
    for (const at of lnds.keys()) running[at] ??= start(at);

    for (const { message, node } of paid)
      expect(await until(() => readTip(ledger, setIdOf(message)))).toMatchObject({ node });
    const homeNode = await home();
    for (const creator of await gather(readCreators(ledger))) {
      const node = creator.node ?? homeNode;
      for (const { id } of creator.options)
        await until(
          async () => (await readCurrentInvoices(ledger, creator.handle, [id])).get(id)?.payee === node,
        );
    }
    let count = 0n;
    for (const handle of HANDLES) {
      expect(differences((await compareSums(ledger, handle))!)).toEqual([]);
      count += (await readTotals(ledger, handle)).count;
    }
    expect(count).toBe(BigInt(paid.length));

    // Each node lists what is handed out of it, and each of those will be looked at for its renewal, by its own connector.
    const far = new Date('2030-01-01T00:00:00Z');
    for (const { node } of lnds) {
      const wants = [
        ...(await gather(dueMintRequests(ledger, far, node))),
        ...(node === homeNode ? await gather(dueMintRequests(ledger, far)) : []),
      ];
      for (const { optionId, payee } of await gather(currentInvoices(ledger, node))) {
        expect(payee).toBe(node);
        expect(wants.map((want) => want.optionId)).toContain(optionId);
      }
    }
    const alarms = running.flatMap((each) => each!.alarms());
    expect(alarms.filter(({ alarm }) => alarm !== 'missed')).toEqual([]);
  });
});
