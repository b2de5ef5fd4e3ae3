/** A statement of a policy document as CDK writes it. */
export interface Statement {
  Sid?: string;
  Effect: string;
  Action: string | string[];
  Resource: unknown;
  Condition?: Record<string, Record<string, string | string[]>>;
}

/** A request as IAM sees it; `leadingKeys` is left out where DynamoDB names none, as for Scan. */
export interface Request {
  action: string;
  resource: unknown;
  leadingKeys?: string[];
}

const asList = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value]);

const like = (pattern: string, value: string) =>
  new RegExp(`^${pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('\\*', '.*')}$`, 's').test(value);

function holds(operator: string, key: string, patterns: string[], values: string[] | undefined): boolean {
  if (key !== 'dynamodb:LeadingKeys') throw new Error(`${key}: a condition key that these tests don't know`);
  if (operator === 'Null') return String(values === undefined) === patterns[0];
  if (operator === 'ForAllValues:StringLike') {
    return (values ?? []).every((value) => patterns.some((pattern) => like(pattern, value)));
  }
  throw new Error(`${operator}: an operator that these tests don't know`);
}

/**
 * Whether statements allow a request, by IAM's rules for the two operators that the policies use. Any other operator
 * or key is an error, as is a denial, so that the answer is never a guess.
 */
export function allows(statements: Statement[], { action, resource, leadingKeys }: Request): boolean {
  return statements.some((statement) => {
    if (statement.Effect !== 'Allow') throw new Error(`${statement.Effect}: not weighed here`);
    return (
      asList(statement.Action).some((pattern) => like(pattern, action)) &&
      asList(statement.Resource).some((each) => JSON.stringify(each) === JSON.stringify(resource)) &&
      Object.entries(statement.Condition ?? {}).every(([operator, keys]) =>
        Object.entries(keys).every(([key, patterns]) => holds(operator, key, asList(patterns), leadingKeys)),
      )
    );
  });
}
