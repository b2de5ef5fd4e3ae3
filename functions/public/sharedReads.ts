/**
 * Let all who ask for the same key within one turn of the event loop share one read.
 *
 * The read begins only after the turn's last request has asked, so nobody is given anything older than their own
 * request; under load, where a turn takes in many requests, the table sees one read in place of many.
 */
export function sharedReads<T>(): (key: string, read: () => Promise<T>) => Promise<T> {
  const asked = new Map<string, Promise<T>>();
  return (key, read) => {
    const already = asked.get(key);
    if (already) return already;
    const answer = new Promise(setImmediate).then(() => {
      asked.delete(key);
      return read();
    });
    asked.set(key, answer);
    return answer;
  };
}
