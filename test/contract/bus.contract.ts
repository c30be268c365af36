import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BusUnavailable, NobodyListens, NotConnected, RequestFailed, type Bus, type BusRules } from '#ports';

export interface BusWorld {
  /** A new client that may use every subject. */
  connect(name: string): Promise<Bus>;
  close(): Promise<void>;
}

/** The rules that the buses of the suite keep. */
export const contractRules: BusRules = (subject) => ({
  senderInbox: 'inbox.',
  listenerInbox: 'inbox.',
  bytesMax: subject.startsWith('small.') ? 4096 : 100_000_000,
  answerBytesMax: 100_000_000,
});

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array): string => new TextDecoder().decode(data);
/** 3.5 MB that differ at every place, so that parts in a wrong order are noticed. */
const large = (): Uint8Array =>
  Uint8Array.from({ length: 3_500_000 }, (_, i) => (i * 31 + (i >> 8) * 7 + (i >> 16)) & 0xff);

/** What every bus promises. */
export function busContract(name: string, open: () => Promise<BusWorld>): void {
  describe(`bus contract: ${name}`, () => {
    let world: BusWorld;
    let here: Bus;
    let there: Bus;
    beforeAll(async () => {
      world = await open();
      [here, there] = await Promise.all([world.connect('here'), world.connect('there')]);
    });
    afterAll(async () => {
      await Promise.all([here.close(), there.close()]);
      await world.close();
    });

    /** Resolves when `there` is known to hear: its subscriptions have reached the server. */
    const settled = async (): Promise<void> => {
      const probe = there.subscribe('probe', () => bytes('ok'));
      for (;;) {
        const answer = await here.request('probe', bytes(''), 1_000).catch(() => undefined);
        if (answer !== undefined) break;
      }
      probe.unsubscribe();
    };

    it('carries messages to every subscriber, in order, by wild cards', async () => {
      const heard: string[] = [];
      const end = Promise.withResolvers<void>();
      const one = there.subscribe('a.*.c', (data, subject) => void heard.push(`one ${subject} ${text(data)}`));
      const two = there.subscribe('a.>', (data, subject) => {
        heard.push(`two ${subject} ${text(data)}`);
        if (subject === 'a.end') end.resolve();
      });
      await settled();
      here.publish('a.b.c', bytes('1'));
      here.publish('a.b', bytes('2'));
      here.publish('other', bytes('3'));
      here.publish('a.end', bytes(''));
      await end.promise;
      expect(heard.filter((line) => line.startsWith('one'))).toEqual(['one a.b.c 1']);
      expect(heard.filter((line) => line.startsWith('two'))).toEqual(['two a.b.c 1', 'two a.b 2', 'two a.end ']);
      one.unsubscribe();
      two.unsubscribe();
    });

    it('confirms what was published before: it is there for those who listen', async () => {
      const heard: string[] = [];
      const subscription = there.subscribe('confirmed', (data) => void heard.push(text(data)));
      await settled();
      for (let i = 0; i < 100; i++) here.publish('confirmed', bytes(String(i)));
      await here.flush();
      await there.flush();
      expect(heard).toHaveLength(100);
      subscription.unsubscribe();
    });

    it('confirms nothing once it was closed', async () => {
      const client = await world.connect('closed');
      await client.flush();
      await client.close();
      await expect(client.flush()).rejects.toBeInstanceOf(BusUnavailable);
    });

    it('hands each message to one member of a queue', async () => {
      const heard: string[] = [];
      const all = Promise.withResolvers<void>();
      const hear = (who: string) => (data: Uint8Array) => {
        heard.push(`${who}${text(data)}`);
        if (heard.length === 20) all.resolve();
      };
      const subscriptions = [there.subscribe('q', hear('x'), 'workers'), there.subscribe('q', hear('y'), 'workers')];
      await settled();
      for (let i = 0; i < 20; i++) here.publish('q', bytes(String(i)));
      await all.promise;
      expect(heard.map((line) => Number(line.slice(1))).sort((a, b) => a - b)).toEqual([...Array(20).keys()]);
      for (const subscription of subscriptions) subscription.unsubscribe();
    });

    it('brings back the answer of each request', async () => {
      const subscription = there.subscribe('double.*', async (data, subject) => {
        await new Promise((resolve) => setTimeout(resolve, Number(text(data))));
        return bytes(`${subject} ${text(data)}`);
      });
      await settled();
      const answers = await Promise.all(
        [20, 0, 10].map((ms) => here.request(`double.${ms}`, bytes(String(ms)), 5_000)),
      );
      expect(answers.map(text)).toEqual(['double.20 20', 'double.0 0', 'double.10 10']);
      subscription.unsubscribe();
    });

    it('tells a failed handler from one that is absent or silent', async () => {
      const subscriptions = [
        there.subscribe('bad', () => {
          throw new Error('sorry: äöü');
        }),
        there.subscribe('silent', () => undefined),
      ];
      await settled();
      const failed = await here.request('bad', bytes(''), 5_000).catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(RequestFailed);
      expect(failed).toMatchObject({ message: 'sorry: äöü', retryable: true });
      const absent = await here.request('nobody', bytes(''), 5_000).catch((error: unknown) => error);
      expect(absent).toBeInstanceOf(NobodyListens);
      const silent = await here.request('silent', bytes(''), 50).catch((error: unknown) => error);
      expect(silent).toBeInstanceOf(BusUnavailable);
      expect(silent).not.toBeInstanceOf(NobodyListens);
      expect(silent).toMatchObject({ message: 'silent: no answer within 50 ms' });
      for (const subscription of subscriptions) subscription.unsubscribe();
    });

    it('carries messages larger than the server takes: asked, answered, published, shared by a queue', async () => {
      const data = large();
      const heard = Promise.withResolvers<Uint8Array>();
      const subscriptions = [
        there.subscribe('echo', (request) => request, 'echoes'),
        here.subscribe('echo', (request) => request, 'echoes'),
        there.subscribe('news', (news) => heard.resolve(news)),
      ];
      await settled();
      for (let i = 0; i < 4; i++) expect(Buffer.compare(await here.request('echo', data, 10_000), data)).toBe(0);
      here.publish('news', data);
      expect(Buffer.compare(await heard.promise, data)).toBe(0);
      for (const subscription of subscriptions) subscription.unsubscribe();
    });

    it('refuses a message that is larger than its subject may carry', async () => {
      let heard = 0;
      const subscription = there.subscribe('small.*', (data) => {
        heard += data.length;
        return bytes('taken');
      });
      await settled();
      for (const size of [5_000, 3_000_000])
        await expect(here.request('small.x', new Uint8Array(size), 5_000)).rejects.toThrow(
          /carries at most 4096 bytes/,
        );
      expect(heard).toBe(0);
      subscription.unsubscribe();
    });

    it('hears nothing after unsubscribing', async () => {
      let count = 0;
      const subscription = there.subscribe('count', () => void count++);
      await settled();
      here.publish('count', bytes(''));
      await settled();
      subscription.unsubscribe();
      await settled();
      here.publish('count', bytes(''));
      await settled();
      expect(count).toBe(1);
    });

    it('tells a late listener that it is connected, and that it is closed', async () => {
      const bus = await world.connect('third');
      const heard: boolean[] = [];
      bus.onConnection((connected) => heard.push(connected));
      await bus.close();
      expect(heard).toEqual([true, false]);
      await expect(bus.request('echo', bytes(''), 50)).rejects.toBeInstanceOf(NotConnected);
      bus.publish('echo', bytes(''));
    });
  });
}
