import type { Restore, Trouble } from './plan.ts';
import type { World } from './world.ts';

/** Let a trouble come over a world. */
export function befall(world: World, trouble: Trouble): void {
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
    case 'indexes restart':
      node.books.restartIndexes();
      break;
    default:
      node.unordered = true;
  }
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
