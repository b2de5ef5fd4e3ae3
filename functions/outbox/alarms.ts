/** What an operator should hear of, by name. A metric counts each (infra/settled.ts). */
export const ALARMS = {
  parked: 'a tip can not be handed on as it is, and was parked whole',
  late: 'a tip could not be handed on for a while; the sweep tries again',
  missed: 'tips had not been handed on; the sweep did',
  hole: "a sequence number below a creator's last has no tip",
  'sums-wrong': "a creator's sums are not those of the rows",
  'check-failed': "a creator's sums could not be held against the rows",
  'sweep-failed': "a creator's tips could not be swept",
  unhinted: 'webhooks were queued without a hint; they are found a little later',
  discarded: 'stream records were given up; the sweep finds their tips',
  trimmed: 'stream records were gone before they were read; the sweep finds their tips',
} as const;

export type Alarm = keyof typeof ALARMS;

/** Tells an operator. Nothing that a payer wrote is given to it. */
export type Report = (alarm: Alarm, seen: object) => void;
