import {
  keepLease,
  type Lease,
  type Ledger,
  type NodeState,
  readNode,
  readNodes,
  releaseLease,
  takeLease,
} from '../shared/ledger/index.ts';
import type { Log } from './log.ts';

/** How long a holder may show no sign of life before another takes over. */
export const LEASE_MS = 8_000;
const LOOK_EVERY_MS = 1_000;

/** The table knows the node as one of another chain. */
export class WrongNetworkError extends Error {
  override readonly name = 'WrongNetworkError';
}

/** The table knows another node, and not this one. */
export class OtherNodeError extends Error {
  override readonly name = 'OtherNodeError';
}

/**
 * Wait for the lease on a node and take it: at once when it is free or was this holder's own, else when its beat stood
 * still for {@link LEASE_MS} by this process's own steady clock.
 * @param steadyMs milliseconds of a clock that never jumps
 * @param anotherNode whether a node may come in that the table doesn't know, though it knows another
 * @throws WrongNetworkError, OtherNodeError; undefined when the signal aborts first
 */
export async function lead(
  {
    ledger,
    log,
    steadyMs,
    sleep,
    standingBy,
  }: {
    ledger: Ledger;
    log: Log;
    steadyMs: () => number;
    sleep: (ms: number, signal: AbortSignal) => Promise<void>;
    /** Told when another leads. */
    standingBy?: () => void;
  },
  {
    node,
    network,
    holder,
    anotherNode,
  }: { node: string; network: string; holder: string; anotherNode: boolean },
  signal: AbortSignal,
): Promise<{ lease: Lease; state: NodeState | undefined } | undefined> {
  let seen: NodeState | undefined;
  let since = steadyMs();
  let waiting = false;
  while (!signal.aborted) {
    const state = await readNode(ledger, node);
    const beside = state ? state.beside : await isBeside(ledger, { node, network, anotherNode });
    if (state && state.network !== network) {
      throw new WrongNetworkError(
        `the table knows node ${node} on ${state.network}, but it is on ${network}: use another table`,
      );
    }
    if (state?.epoch !== seen?.epoch || state?.beat !== seen?.beat) since = steadyMs();
    seen = state;
    if (!state || state.holder === '' || state.holder === holder || steadyMs() - since >= LEASE_MS) {
      const lease = await takeLease(ledger, { node, network, holder, seen: state, beside });
      if (lease) {
        log.info({ node, epoch: lease.epoch.toString() }, 'leading');
        return { lease, state };
      }
    } else if (!waiting) {
      waiting = true;
      standingBy?.();
      log.info({ node, holder: state.holder }, 'standing by: another connector leads');
    }
    await sleep(LOOK_EVERY_MS, signal);
  }
  return undefined;
}

/** The table does not know the node. */
export class UnknownNodeError extends Error {
  override readonly name = 'UnknownNodeError';
}

/**
 * Do something under the lease of a node, for an operator's command: it is taken at once, from a connector that leads,
 * too, which stands by until it is given back.
 * @throws UnknownNodeError; LeaseLostError from the work when another took it meanwhile
 */
export async function underLease<T>(
  { ledger, sleep }: { ledger: Ledger; sleep: (ms: number, signal: AbortSignal) => Promise<void> },
  { node, holder }: { node: string; holder: string },
  work: (lease: Lease) => Promise<T>,
): Promise<T> {
  let lease: Lease | undefined;
  while (!lease) {
    const seen = await readNode(ledger, node);
    if (!seen) throw new UnknownNodeError(`the table does not know node ${node}`);
    lease = await takeLease(ledger, { node, network: seen.network, holder, seen });
  }
  const held = lease;
  const done = new AbortController();
  const keep = async () => {
    while (!done.signal.aborted) {
      await sleep(LEASE_MS / 4, done.signal);
      // Lost or not is for the work's own writes to find out.
      if (!done.signal.aborted) await keepLease(ledger, held).catch(() => {});
    }
  };
  const keeping = keep();
  try {
    return await work(held);
  } finally {
    done.abort();
    await keeping;
    await releaseLease(ledger, held);
  }
}

/** Whether a node that the table does not know comes in beside another. Amounts of two chains must never meet in one total. */
async function isBeside(
  ledger: Ledger,
  { node, network, anotherNode }: { node: string; network: string; anotherNode: boolean },
): Promise<true | undefined> {
  let beside: true | undefined;
  for await (const known of readNodes(ledger)) {
    if (known === node) continue;
    if (!anotherNode) {
      throw new OtherNodeError(
        `the table belongs to node ${known}, and this is node ${node}: give the connector its own node or another table, or --another-node to let this one in beside it`,
      );
    }
    beside = true;
    const state = await readNode(ledger, known);
    if (state && state.network !== network) {
      throw new WrongNetworkError(
        `the table knows node ${known} on ${state.network}, but node ${node} is on ${network}: use another table`,
      );
    }
  }
  return beside;
}
