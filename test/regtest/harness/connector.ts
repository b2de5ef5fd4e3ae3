import pino from 'pino';
import type { Connector } from '../../../connector/connector.ts';
import { LONGEST_EXPIRY_SECONDS } from '../../../connector/invoices/mint.ts';
import { type Choices, type LndAccess, systemConnector } from '../../../connector/system.ts';
import type { Ledger } from '../../../shared/ledger/index.ts';
import { until } from './until.ts';

/** Within this a call to a node that went silent fails. */
const DEADLINE_MS = 5_000;
const WARN = 40;

/** A line of the log, from a warning on: `msg` is what happened, `error` what lnd said; or an alarm. */
export type LogLine = {
  level: number;
  msg: string;
  error?: string;
  waitMs?: number;
  alarm?: string;
  paymentAddr?: string;
};

/** A connector that runs in this process, as `npm run connector` wires it. */
export type Running = {
  connector: Connector;
  /** Warnings and worse since the start. */
  warnings: LogLine[];
  /** Wait for a warning whose error has these words, after the first `from` ones. */
  warned(words: RegExp, from?: number): Promise<LogLine>;
  /** Wait until all that was settled before is booked. */
  live(): Promise<void>;
  /** End it gracefully. */
  stop(): Promise<void>;
};

/** Start a connector. */
export function runConnector(ledger: Ledger, access: LndAccess, choices: Partial<Choices> = {}): Running {
  const stop = new AbortController();
  const warnings: LogLine[] = [];
  const log = pino(
    { level: 'warn' },
    {
      write(line: string) {
        warnings.push(JSON.parse(line));
      },
    },
  );
  const connector = systemConnector(
    access,
    {
      ledger,
      log,
      holder: 'regtest',
      expirySeconds: LONGEST_EXPIRY_SECONDS,
      routeHints: false,
      ...choices,
    },
    DEADLINE_MS,
  );
  const done = connector.run(stop.signal);
  return {
    connector,
    warnings,
    warned: (words, from = 0) =>
      until(`a warning of ${words}`, 60, () =>
        warnings.slice(from).find(({ level, error = '' }) => level >= WARN && words.test(error)),
      ),
    live: async () => {
      await until('the connector is live', 60, () => connector.health.state === 'live');
    },
    stop: async () => {
      stop.abort();
      await done;
    },
  };
}
