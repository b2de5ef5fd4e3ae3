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
  // How often connectors raised each of their alarms in ten minutes (ALARM_METRICS). Not measured at 0.
  SetAsideAlarms: 'Count',
  MemoUnverifiedAlarms: 'Count',
  BehindAlarms: 'Count',
  MissedAlarms: 'Count',
  IndexGapAlarms: 'Count',
  IndexReusedAlarms: 'Count',
  SetsGoneAlarms: 'Count',
  SumsDifferAlarms: 'Count',
  InvoiceGoneAlarms: 'Count',
  MintFailedAlarms: 'Count',
  DustAlarms: 'Count',
} as const;

export type Metric = keyof typeof METRICS;

/** The alarms that a connector raises, by their names, each with the metric that counts it. */
export const ALARM_METRICS = {
  'set-aside': 'SetAsideAlarms',
  'memo-unverified': 'MemoUnverifiedAlarms',
  behind: 'BehindAlarms',
  missed: 'MissedAlarms',
  'index-gap': 'IndexGapAlarms',
  'index-reused': 'IndexReusedAlarms',
  'sets-gone': 'SetsGoneAlarms',
  'sums-differ': 'SumsDifferAlarms',
  'invoice-gone': 'InvoiceGoneAlarms',
  'mint-failed': 'MintFailedAlarms',
  dust: 'DustAlarms',
} as const satisfies Record<string, Metric>;

export type Alarm = keyof typeof ALARM_METRICS;
