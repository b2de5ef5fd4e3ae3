/** An argument that a function of the protocol was wrongly called with: which one, what came, what was expected. */
export class ArgumentError extends Error {
  override readonly name = 'ArgumentError';
  readonly field: string;
  readonly value: string;
  readonly expected: string;
  constructor(field: string, value: string, expected: string) {
    super(`${field}: ${value} is not ${expected}`);
    this.field = field;
    this.value = value;
    this.expected = expected;
  }
}

const MAX_U32 = 0xffff_ffff;
const MAX_U64 = 0xffff_ffff_ffff_ffffn;

const shown = (value: unknown): string => {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  return typeof value === 'bigint' || typeof value === 'number' ? String(value) : typeof value;
};

export function checkBytes32(field: string, value: Uint8Array): void {
  if (value instanceof Uint8Array && value.length === 32) return;
  throw new ArgumentError(field, shown(value), '32 bytes');
}

export function checkU32(field: string, value: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= MAX_U32) return;
  throw new ArgumentError(field, shown(value), `a whole number from 0 to ${MAX_U32}`);
}

export function checkU64(field: string, value: bigint, min: 0n | 1n = 0n): void {
  if (typeof value === 'bigint' && value >= min && value <= MAX_U64) return;
  throw new ArgumentError(field, shown(value), `a bigint from ${min} to ${MAX_U64}`);
}
