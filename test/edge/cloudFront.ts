import type { Resource } from '../infra/synthesise.ts';

/** Managed by AWS: nothing is kept. */
const CACHING_DISABLED = '4135ea2d-6df8-44a3-9df3-4b5a84be39ad';

/** What an origin is asked. It throws when it can't be reached. */
export type Origin = (url: string, headers: Headers) => Promise<Response>;

interface Kept {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
  readonly since: number;
  /** Seconds. */
  readonly fresh: number;
  readonly whileRevalidate: number;
  /** Without a word on it CloudFront goes on with what it has for as long as the origin fails. */
  readonly ifError: number;
}

/** An answer, and whether it comes from what was kept. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
  readonly from: 'origin' | 'kept' | 'stale' | 'edge';
}

interface Behaviour {
  readonly path: RegExp;
  readonly kept: boolean;
  readonly minTtl: number;
  readonly defaultTtl: number;
  readonly maxTtl: number;
  /** The parameters that make the key and reach the origin; undefined for all. */
  readonly query: readonly string[] | undefined;
  readonly headers: readonly string[];
  /** Those of the headers that make the key, too. */
  readonly keyed: readonly string[];
}

const directives = (headers: Headers) =>
  new Map(
    (headers.get('cache-control') ?? '')
      .split(/\s*,\s*/)
      .map((each): [string, string | undefined] => [each.split('=')[0]!.toLowerCase(), each.split('=')[1]]),
  );

const globbed = (pattern: string) =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  );

/**
 * CloudFront's cache at one edge, with a distribution as a template has it, as AWS documents it. Emulators keep nothing.
 * @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Expiration.html
 * @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html
 */
export class CloudFront {
  readonly #behaviours: readonly Behaviour[];
  /** Seconds that an error is kept at least, by its status. */
  readonly #errorTtl: ReadonlyMap<number, number>;
  readonly #origin: Origin;
  readonly #clock: () => Date;
  readonly #store = new Map<string, Kept>();
  readonly #refreshing = new Map<string, Promise<unknown>>();

  constructor(resources: Record<string, Resource>, origin: Origin, clock: () => Date) {
    const [distribution] = Object.values(resources).filter(
      ({ Type }) => Type === 'AWS::CloudFront::Distribution',
    );
    const { CacheBehaviors, DefaultCacheBehavior, CustomErrorResponses } =
      distribution!.Properties.DistributionConfig;
    this.#behaviours = [...CacheBehaviors, { ...DefaultCacheBehavior, PathPattern: '*' }].map((each) =>
      behaviourOf(each, resources),
    );
    this.#errorTtl = new Map(
      CustomErrorResponses.map((each: { ErrorCode: number; ErrorCachingMinTTL: number }) => [
        each.ErrorCode,
        each.ErrorCachingMinTTL,
      ]),
    );
    this.#origin = origin;
    this.#clock = clock;
  }

  /** What a viewer is answered. @param path with its query */
  async ask(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    const asked = new URL(path, 'https://edge.example');
    const behaviour = this.#behaviours.find((each) => each.path.test(asked.pathname))!;
    const { url, passed, key } = request(asked, new Headers(headers), behaviour);
    const fetch = () => this.#fetch(key, url, passed, behaviour);
    if (!behaviour.kept) return fetch();
    const kept = this.#store.get(key);
    const age = kept && (this.#clock().getTime() - kept.since) / 1000;
    if (kept && age! < kept.fresh) return { ...kept, from: 'kept' };
    if (kept && age! < kept.fresh + kept.whileRevalidate) {
      if (!this.#refreshing.has(key))
        this.#refreshing.set(
          key,
          fetch().finally(() => this.#refreshing.delete(key)),
        );
      return { ...kept, from: 'stale' };
    }
    const answer = await fetch();
    if (answer.status >= 500 && kept && age! < kept.fresh + kept.ifError) return { ...kept, from: 'stale' };
    return answer;
  }

  /** Until what is fetched behind viewers' backs is there. */
  async refreshed(): Promise<void> {
    await Promise.all(this.#refreshing.values());
  }

  async #fetch(key: string, url: string, headers: Headers, behaviour: Behaviour): Promise<Answer> {
    let answer: Answer;
    try {
      const response = await this.#origin(url, headers);
      const body = Buffer.from(await response.arrayBuffer());
      answer = { status: response.status, headers: response.headers, body, from: 'origin' };
    } catch {
      return { status: 502, headers: new Headers(), body: Buffer.alloc(0), from: 'edge' };
    }
    if (!behaviour.kept || answer.status >= 500) return answer;
    const kept = this.#kept(answer, behaviour);
    if (kept) this.#store.set(key, kept);
    else this.#store.delete(key);
    return answer;
  }

  #kept({ status, headers, body }: Answer, { minTtl, defaultTtl, maxTtl }: Behaviour): Kept | undefined {
    const said = directives(headers);
    const seconds = (name: string) => {
      const value = said.get(name);
      return value === undefined ? undefined : Math.min(Number(value), maxTtl);
    };
    const refused = ['no-store', 'no-cache', 'private'].some((name) => said.has(name));
    const own = refused ? undefined : (seconds('s-maxage') ?? seconds('max-age'));
    const least = status >= 400 ? (this.#errorTtl.get(status) ?? 10) : minTtl;
    const fresh = Math.max(least, own ?? (refused || status >= 400 ? 0 : defaultTtl));
    const whileRevalidate = refused ? 0 : (seconds('stale-while-revalidate') ?? 0);
    if (fresh + whileRevalidate === 0) return undefined;
    const ifError = refused ? 0 : (seconds('stale-if-error') ?? Number.POSITIVE_INFINITY);
    return { status, headers, body, since: this.#clock().getTime(), fresh, whileRevalidate, ifError };
  }
}

/** What reaches the origin of a request, and the key under which its answer is kept. */
function request(asked: URL, headers: Headers, { query, headers: named, keyed }: Behaviour) {
  const parameters = [...asked.searchParams].filter(([name]) => !query || query.includes(name));
  const search = new URLSearchParams(parameters).toString();
  const url = `${asked.pathname}${search && `?${search}`}`;
  const passed = new Headers();
  for (const name of named) {
    const value = headers.get(name);
    if (value !== null) passed.set(name, value);
  }
  return { url, passed, key: JSON.stringify([url, keyed.map((name) => headers.get(name))]) };
}

// biome-ignore lint/suspicious/noExplicitAny: a template is any JSON
function behaviourOf(each: any, resources: Record<string, Resource>): Behaviour {
  const policy = resources[each.CachePolicyId.Ref]?.Properties.CachePolicyConfig;
  const asked = resources[each.OriginRequestPolicyId?.Ref]?.Properties.OriginRequestPolicyConfig;
  const keyed = policy?.ParametersInCacheKeyAndForwardedToOrigin;
  const lists = [keyed, asked].filter((list) => list !== undefined);
  return {
    path: globbed(each.PathPattern),
    kept: each.CachePolicyId !== CACHING_DISABLED,
    minTtl: policy?.MinTTL ?? 0,
    defaultTtl: policy?.DefaultTTL ?? 0,
    maxTtl: policy?.MaxTTL ?? 0,
    query: lists.some(({ QueryStringsConfig }) => QueryStringsConfig.QueryStringBehavior === 'all')
      ? undefined
      : lists.flatMap(({ QueryStringsConfig }) => QueryStringsConfig.QueryStrings ?? []),
    headers: lists.flatMap(({ HeadersConfig }) => HeadersConfig.Headers ?? []),
    keyed: keyed?.HeadersConfig.Headers ?? [],
  };
}
