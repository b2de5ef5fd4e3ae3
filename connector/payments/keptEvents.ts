import { toEvent } from '../lnd/client.ts';
import type { LndEvent } from '../lnd/contract.ts';

/**
 * A message of lnd's that was kept by `eventJson`, read again as the subscription's: of whatever kind it is, and unreadable when it was
 * then and still is.
 * @throws SyntaxError, TypeError for what is no message of lnd's, as one that was cut
 */
export function readKeptEvent(json: string): LndEvent {
  const raw = JSON.parse(json);
  return toEvent({
    ...raw,
    ...asBytes(raw, ['r_hash', 'r_preimage', 'payment_addr']),
    htlcs: raw.htlcs.map(({ amp, custom_records, ...htlc }: KeptHtlc) => ({
      ...htlc,
      amp: amp && { ...amp, ...asBytes(amp, ['root_share', 'set_id', 'hash', 'preimage']) },
      custom_records: asBytes(custom_records, Object.keys(custom_records)),
    })),
  });
}

interface KeptHtlc {
  readonly amp: Kept | null;
  readonly custom_records: Kept;
}
/** Bytes in hex, and what else there is, by name. */
type Kept = Readonly<Record<string, unknown>>;

const asBytes = (of: Kept, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, Buffer.from(String(of[name] ?? ''), 'hex')]));
