import { metricLine } from '../../../functions/watch/emf.ts';
import type { Seen } from '../../../functions/watch/measure.ts';
import { synthesise } from '../../infra/synthesise.ts';

interface AlarmRule {
  readonly MetricName: string;
  readonly Threshold: number;
  readonly ComparisonOperator: string;
  readonly EvaluationPeriods: number;
  readonly DatapointsToAlarm?: number;
  readonly TreatMissingData: string;
  readonly AlarmDescription: string;
}

/** The alarms of the template on metrics of the watch, each of a minute. */
const RULES = Object.values(synthesise().resources)
  .filter(({ Type, Properties }) => Type === 'AWS::CloudWatch::Alarm' && Properties.Period === 60)
  .map(({ Properties }) => Properties as AlarmRule);

const isBad = ({ Threshold, ComparisonOperator, TreatMissingData }: AlarmRule, value: number | undefined) => {
  if (value === undefined) return TreatMissingData === 'breaching';
  return ComparisonOperator.startsWith('GreaterThanOrEqual') ? value >= Threshold : value <= Threshold;
};

/**
 * CloudWatch's alarms over what the watch tells, minute by minute: an alarm is on while so many of its last periods are bad, or
 * measured nothing where that is to be bad.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
 */
export function openAlarms() {
  const minutes: Record<string, number>[] = [];
  return {
    /** A minute's line, as it is in the log. */
    tell(seen: Seen, now: Date): void {
      minutes.push(JSON.parse(metricLine('Test', seen, now)));
    },
    /** The pages of those that are on. */
    on(): string[] {
      const isOn = (rule: AlarmRule) => {
        const { EvaluationPeriods: periods, DatapointsToAlarm: most = periods } = rule;
        const last = minutes.slice(-periods);
        return last.filter((minute) => isBad(rule, minute[rule.MetricName])).length >= most;
      };
      const pages = RULES.filter(isOn).map(
        ({ AlarmDescription }) => /incidents\/(.*)\.md$/.exec(AlarmDescription)![1]!,
      );
      return pages.sort();
    },
    /** For a test that failed. */
    minutes,
  };
}
