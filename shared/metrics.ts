/**
 * What the watch function measures each minute of the whole table, with CloudWatch's names of units: for the one that tells and for
 * the alarms on it.
 */
export const METRICS = {
  /** Since the connector last gave a sign of life; of several nodes the longest. */
  HeartbeatAge: 'Seconds',
  /** Since all that the connector had heard of was booked; of several nodes the longest. Not measured before the first audit. */
  CheckpointAge: 'Seconds',
  /** Sets and invoices in which table and lnd differ. Not measured when a node was not audited for an hour. */
  Drift: 'Count',
  /** Events that are set aside and wait for an operator. */
  AsidesOpen: 'Count',
  /** Until the first invoice expires that is handed out, in days; below 0 when it has. */
  DaysToExpiry: 'None',
  /** Since the option that has waited longest should have been looked at. */
  WantsOverdue: 'Seconds',
  /** Creators of whom sums are not those of their rows. */
  SumsWrong: 'Count',
  /** Since sums were last held against rows of all creators. Not measured before the first time. */
  SumsCheckAge: 'Seconds',
  /** Addresses that readers and wallets are not answered at, by the edge or by what is behind it. */
  EdgeFailures: 'Count',
  /** Records of tips that could not be handed on. */
  Parked: 'Count',
  /** Since the delivery that has waited longest should have been tried. */
  DeliveriesOverdue: 'Seconds',
} as const;

export type Metric = keyof typeof METRICS;
