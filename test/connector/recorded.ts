import { readFileSync } from 'node:fs';

/** Settled events of a real lnd, as they were written down: bytes in hex, record types in decimal. */
export const recorded: any[] = JSON.parse(
  readFileSync(new URL('../fixtures/lnd-settled.json', import.meta.url), 'utf8'),
).settled_events;

/** A recorded event with bytes as gRPC gives them. */
export function recordedEvent(at: number): any {
  const raw = structuredClone(recorded[at]);
  const bytes = (hex: string) => Buffer.from(hex, 'hex');
  for (const name of ['payment_addr', 'r_hash', 'r_preimage', 'description_hash'])
    raw[name] = bytes(raw[name]);
  for (const htlc of raw.htlcs) {
    if (htlc.amp) {
      for (const name of ['root_share', 'set_id', 'hash', 'preimage']) htlc.amp[name] = bytes(htlc.amp[name]);
    }
    htlc.custom_channel_data = bytes(htlc.custom_channel_data);
    htlc.custom_records = Object.fromEntries(
      Object.entries<string>(htlc.custom_records).map(([type, value]) => {
        const key = Buffer.alloc(8);
        key.writeBigUInt64LE(BigInt(type));
        return [key.toString('latin1'), bytes(value)];
      }),
    );
  }
  return raw;
}
