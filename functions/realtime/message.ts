import type { TipEvent } from '../../shared/contract/tip.ts';
import { publicTips } from '../../shared/contract/tip.ts';
import { type Ledger, readCreator, readTips } from '../../shared/ledger/index.ts';

/** What listeners of a creator are told of a tip: an entry of the creator's feed, word for word. */
export interface LiveMessage {
  readonly sequence: bigint;
  /** The entry's cursor, from which a listener can go on. */
  readonly cursor: string;
  /** The entry as JSON (`feedEntrySchema`). */
  readonly text: string;
}

/**
 * The messages of events by creator, in their order. Tips and creators are read anew: what was erased, or is no longer shown, since an
 * event was made is not told. There is none for dust, for who shows nothing, and for who has closed.
 */
export async function liveMessages(
  ledger: Ledger,
  events: readonly TipEvent[],
): Promise<Map<string, LiveMessage[]>> {
  const shown = events.filter(({ data }) => !data.belowMinimum);
  const handles = [...new Set(shown.map(({ data }) => data.handle))];
  const [tips, creators] = await Promise.all([
    readTips(
      ledger,
      shown.map(({ data }) => ({ setId: data.setId, node: data.payee })),
    ),
    Promise.all(handles.map((handle) => readCreator(ledger, handle, true))),
  ]);
  const messages = new Map<string, LiveMessage[]>();
  for (const tip of tips) {
    const creator = tip && creators[handles.indexOf(tip.handle)];
    if (!creator || tip.dust || creator.status === 'closed') continue;
    for (const entry of publicTips(creator, [tip])) {
      const ofCreator = messages.get(tip.handle) ?? [];
      ofCreator.push({ sequence: tip.sequence, cursor: entry.cursor, text: JSON.stringify(entry) });
      messages.set(tip.handle, ofCreator);
    }
  }
  return messages;
}
