/** An event as a browser would dispatch it. */
export interface ReceivedEvent {
  readonly id: string;
  readonly data: string;
}

/** What one line of a stream says, by the rules of the specification. */
function fieldOf(line: string): [string, string] {
  const colon = line.indexOf(':');
  if (colon < 0) return [line, ''];
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
}

/**
 * Reads a stream of server-sent events by the rules that browsers read it by.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export async function openEvents(url: string, headers: Record<string, string> = {}) {
  const abort = new AbortController();
  const response = await fetch(url, { headers, signal: abort.signal });
  const seen = { lastEventId: '', heartbeats: 0, retry: 0 };

  async function* read(): AsyncGenerator<ReceivedEvent> {
    let buffer = '';
    let data: string[] = [];
    let type = 'message';
    const decoder = new TextDecoder();
    for await (const bytes of response.body!) {
      buffer += decoder.decode(bytes, { stream: true });
      const lines = buffer.split(/\r\n|[\r\n]/);
      buffer = lines.pop()!;
      for (const line of lines) {
        const [name, value] = fieldOf(line);
        if (line === '') {
          if (type === 'heartbeat') seen.heartbeats++;
          else if (data.length > 0) yield { id: seen.lastEventId, data: data.join('\n') };
          data = [];
          type = 'message';
        } else if (name === 'event') type = value;
        else if (name === 'data') data.push(value);
        else if (name === 'id') seen.lastEventId = value;
        else if (name === 'retry') seen.retry = Number(value);
        else throw new Error(`a field that nobody sends: ${line}`);
      }
    }
  }
  const events = read();
  return {
    response,
    seen,
    /** The next event; undefined at the stream's end. */
    next: async () => (await events.next()).value as ReceivedEvent | undefined,
    /** So many events. */
    take: async (count: number) => {
      const taken: ReceivedEvent[] = [];
      while (taken.length < count) {
        const { value, done } = await events.next();
        if (done) throw new Error(`the stream ended after ${taken.length} events of ${count}`);
        taken.push(value);
      }
      return taken;
    },
    close: () => abort.abort(),
  };
}
