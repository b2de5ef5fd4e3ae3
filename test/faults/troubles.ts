import type { Restore, Trouble } from './plan.ts';
import type { World } from './world.ts';

const MENDED_WITHIN_MS = 15_000;

/** Let a trouble come over a world. */
export function befall(world: World, trouble: Trouble): void | Promise<void> {
  const { scheduler, node, table, machines } = world;
  const host = 'host' in trouble ? trouble.host : undefined;
  const machine = host === 'leader' ? (world.leading ?? machines[0]) : machines[host ?? 0];
  const process = machine?.process;
  switch (trouble.kind) {
    case 'kill':
      world.when(trouble.when, process, () => world.kill(machine!, trouble.requests, trouble.ms));
      break;
    case 'stop':
      if (process?.state === 'running') process.stop();
      break;
    case 'pause':
      world.when(trouble.when, process, () => {
        process?.pause(trouble.how);
        scheduler.after(trouble.ms, `${process?.name} goes on`, () => process?.resume());
      });
      break;
    case 'clock':
      machine!.skewMs = trouble.skewMs;
      break;
    case 'table out':
      table.outage = trouble.how;
      scheduler.after(trouble.ms, 'the table is back', () => {
        table.outage = undefined;
      });
      break;
    case 'node down':
      node.goDown(trouble.ms, trouble.how);
      break;
    case 'node silent':
      node.silentUntil = scheduler.now + trouble.ms;
      break;
    case 'streams end':
      node.endStreams(trouble.how);
      break;
    case 'invoice cancelled':
      world.payers.cancelOne();
      break;
    case 'sum spoiled':
      return spoilAndMend(world);
    case 'row lost':
      return world.hand.loseRow(world.payers.happened);
    case 'indexes restart':
      node.books.restartIndexes();
      break;
    default:
      node.unordered = true;
  }
}

/** A booking that read a wrong sum is on its way when the sum is mended; or none is for a while. */
async function spoilAndMend({ hand, scheduler }: World): Promise<void> {
  const handle = await hand.spoil();
  if (handle === undefined) return;
  const mend = (ms: number) =>
    scheduler.after(ms, `the sums of ${handle} are mended`, () => hand.mend(handle));
  hand.whenBooking(handle, () => mend(0));
  mend(MENDED_WITHIN_MS);
}

/** lnd comes back from an older copy, or the table from an earlier time. */
export function planRestore(world: World, { at, from, kind }: Restore): void {
  const { scheduler, table, node, payers } = world;
  scheduler.after(from, 'a backup', () => {
    const restore = node.books.backup();
    const copy = table.engine.copy();
    scheduler.after(at - from, kind, () => {
      payers.look();
      if (kind === 'table back') {
        world.restoreTable(copy);
        return payers.orphaned();
      }
      restore();
      payers.forgotten();
      node.goDown(1_000, 'broken');
    });
  });
}
