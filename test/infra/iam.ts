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
  /** The attributes that it names; left out where it names none. */
  attributes?: string[];
  /** What an update asks to be told, where it says so. */
  returnValues?: string;
}

const asList = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value]);

const like = (pattern: string, value: string) =>
  new RegExp(`^${pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('\\*', '.*')}$`, 's').test(value);

/** The values of a condition key in a request; undefined where it has none. */
function valuesOf(key: string, { leadingKeys, attributes, returnValues }: Request): string[] | undefined {
  if (key === 'dynamodb:LeadingKeys') return leadingKeys;
  if (key === 'dynamodb:Attributes') return attributes;
  if (key === 'dynamodb:ReturnValues') return returnValues === undefined ? undefined : [returnValues];
  throw new Error(`${key}: a condition key that these tests don't know`);
}

function holds(operator: string, patterns: string[], values: string[] | undefined): boolean {
  if (operator === 'Null') return String(values === undefined) === patterns[0];
  if (operator === 'ForAllValues:StringLike')
    return (values ?? []).every((value) => patterns.some((pattern) => like(pattern, value)));
  if (operator === 'ForAllValues:StringEquals')
    return (values ?? []).every((value) => patterns.includes(value));
  if (operator === 'StringEqualsIfExists') return values === undefined || patterns.includes(values[0]!);
  throw new Error(`${operator}: an operator that these tests don't know`);
}

/**
 * Whether statements allow a request, by IAM's rules for the operators that the policies use. Any other operator
 * or key is an error, as is a denial, so that the answer is never a guess.
 */
export function allows(statements: Statement[], request: Request): boolean {
  const { action, resource } = request;
  return statements.some((statement) => {
    if (statement.Effect !== 'Allow') throw new Error(`${statement.Effect}: not weighed here`);
    return (
      asList(statement.Action).some((pattern) => like(pattern, action)) &&
      asList(statement.Resource).some((each) => JSON.stringify(each) === JSON.stringify(resource)) &&
      Object.entries(statement.Condition ?? {}).every(([operator, keys]) =>
        Object.entries(keys).every(([key, patterns]) =>
          holds(operator, asList(patterns), valuesOf(key, request)),
        ),
      )
    );
  });
}
