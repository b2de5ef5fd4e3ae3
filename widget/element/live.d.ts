/** The browser's side of live tips, which pages have as text: shared/browser/liveClient.ts, which says more. */
declare module 'ampjar:live' {
  /** A tip as the public feed has it. */
  export interface Tip {
    readonly cursor: string;
    /** msat, decimal digits. */
    readonly amountMsat: string;
    /** ISO 8601 in UTC, whole minutes. */
    readonly settledAt: string;
    readonly message?: string;
    readonly sender?: string;
  }

  /** Whose tips, from where on. */
  export interface Where {
    readonly origin: string;
    readonly handle: string;
    readonly after: string;
    /** AppSync Events; server-sent events without them. */
    readonly socket?: string;
    readonly host?: string;
    /** Without a connection: it looks now and then. May be changed, and counts from the next start. */
    looks?: boolean;
  }

  /** The number in a cursor. */
  export function place(cursor: string): number;

  /** An amount of msat in satoshi, thousands set apart: "1,234.5 sat". */
  export function sat(msat: string): string;

  /**
   * Tell of each tip after a cursor, once.
   * @param known places of tips that are shown already
   */
  export function follow(
    where: Where,
    known: readonly number[],
    show: (tip: Tip, at: number) => void,
  ): { start(): void; stop(): void };
}
