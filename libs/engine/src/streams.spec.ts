import { describe, expect, it } from '@jest/globals';
import { MemoryBusHub, SystemClock, VirtualClock } from '#adapters';
import { encodeFrame } from './stream-frame.js';
import { ByteStream, CREDIT_BYTES, FRAME_BYTES, StreamBroken } from './streams.js';

function pair(hub: MemoryBusHub): { agent: ByteStream; client: ByteStream } {
  const { clock } = hub;
  const open = (side: 'agent' | 'client'): ByteStream =>
    new ByteStream({ bus: hub.connect(side), clock, subject: 'stream.n1.x', side });
  return { agent: open('agent'), client: open('client') };
}
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 0xff);
async function readAll(stream: ByteStream): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const { data } of stream) parts.push(data);
  return Buffer.concat(parts);
}

describe('byte streams', () => {
  it('carries both directions to their ends, in order, whole', async () => {
    const { agent, client } = pair(new MemoryBusHub(new SystemClock()));
    const data = pattern(3_000_000);
    const sent = agent.write(data).then(() => agent.end());
    const [there, back] = await Promise.all([
      readAll(client),
      (async () => {
        await client.write(bytes('hello '));
        await client.write(bytes('agent'));
        await client.end();
        return readAll(agent);
      })(),
    ]);
    await sent;
    expect(there.equals(data)).toBe(true);
    expect(back.toString()).toBe('hello agent');
  });

  it('keeps channels apart and in order', async () => {
    const { agent, client } = pair(new MemoryBusHub(new SystemClock()));
    void agent.write(bytes('out'), 1);
    void agent.write(bytes('err'), 2);
    void agent.write(bytes('more'), 1).then(() => agent.end());
    const chunks: string[] = [];
    for await (const { channel, data } of client) chunks.push(`${channel} ${new TextDecoder().decode(data)}`);
    expect(chunks).toEqual(['1 out', '2 err', '1 more']);
  });

  it('stops the sender while nobody reads', async () => {
    const hub = new MemoryBusHub(new SystemClock());
    let sent = 0;
    hub.fate = ({ to, bytes: length }) => {
      if (to === 'client' && length > 1000) sent += length;
      return [0];
    };
    const { agent, client } = pair(hub);
    const writing = agent.write(pattern(3 * CREDIT_BYTES)).then(() => agent.end());
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(sent).toBeGreaterThan(CREDIT_BYTES - FRAME_BYTES);
    expect(sent).toBeLessThan(CREDIT_BYTES + FRAME_BYTES);
    expect((await readAll(client)).length).toBe(3 * CREDIT_BYTES);
    await writing;
  });

  it('breaks when the other side sends more than it may: what nobody reads is kept', async () => {
    const hub = new MemoryBusHub(new SystemClock());
    const agent = hub.connect('agent');
    const client = new ByteStream({
      bus: hub.connect('client'),
      clock: hub.clock,
      subject: 'stream.n1.x',
      side: 'client',
    });
    const body = pattern(FRAME_BYTES);
    for (let sequence = 0; sequence < (2 * CREDIT_BYTES) / FRAME_BYTES; sequence++)
      agent.publish('stream.n1.x.client', encodeFrame({ is: 'data', sequence, channel: 0, body }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    let kept = 0;
    const reading = (async () => {
      for await (const { data } of client) kept += data.length;
    })();
    await expect(reading).rejects.toThrow('the other side sent more than it may');
    expect(kept).toBe(CREDIT_BYTES);
  });

  it('ignores repeats and breaks at a gap, on both sides', async () => {
    const hub = new MemoryBusHub(new SystemClock());
    let frames = 0;
    hub.fate = ({ to, bytes: length }) => (to === 'client' && length > 1000 ? (++frames === 5 ? [] : [0, 0]) : [0]);
    const { agent, client } = pair(hub);
    const writing = agent.write(pattern(3 * CREDIT_BYTES)).catch((error: unknown) => error);
    await expect(readAll(client)).rejects.toThrow('part of the stream was lost');
    expect(await writing).toBeInstanceOf(StreamBroken);
  });

  it('notices that the last frame was lost', async () => {
    const hub = new MemoryBusHub(new SystemClock());
    hub.fate = ({ to, bytes: length }) => (to === 'client' && length > 50 ? [] : [0]);
    const { agent, client } = pair(hub);
    void agent.write(pattern(100)).then(() => agent.end());
    await expect(readAll(client)).rejects.toThrow('part of the stream was lost');
  });

  it('ends although the frame that says so was lost', async () => {
    const clock = new VirtualClock();
    const hub = new MemoryBusHub(clock);
    const END_BYTES = encodeFrame({ is: 'end', sequence: 0 }).length;
    let ends = 0;
    hub.fate = ({ to, bytes: length }) => (to === 'client' && length === END_BYTES && ++ends < 3 ? [] : [0]);
    const { agent, client } = pair(hub);
    void agent.write(bytes('all of it')).then(() => agent.end());
    let text: string | undefined;
    void readAll(client).then((all) => (text = all.toString()));
    for (let at = 0; at <= 20_000 && text === undefined; at += 250) {
      clock.advanceTo(at);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect([text, ends]).toEqual(['all of it', 3]);
  });

  it('ends both sides when one cancels', async () => {
    const { agent, client } = pair(new MemoryBusHub(new SystemClock()));
    const writing = agent.write(pattern(3 * CREDIT_BYTES)).catch((error: Error) => error.message);
    for await (const chunk of client) {
      if (chunk.data.length > 0) client.cancel('enough');
      break;
    }
    expect(await writing).toBe('enough');
  });

  it('greets until the other side listens, and breaks when it falls silent', async () => {
    const clock = new VirtualClock();
    const hub = new MemoryBusHub(clock);
    const agent = new ByteStream({ bus: hub.connect('agent'), clock, subject: 's', side: 'agent' });
    const writing = agent.write(bytes('early'));
    clock.advanceTo(1_000);
    const clientBus = hub.connect('client');
    const client = new ByteStream({ bus: clientBus, clock, subject: 's', side: 'client' });
    clock.advanceTo(2_000);
    await writing;
    clock.advanceTo(2_001);
    const chunk = await client[Symbol.asyncIterator]().next();
    expect(chunk.value).toMatchObject({ channel: 0 });
    clientBus.connected = false;
    clock.advanceTo(60_000);
    await expect(agent.write(bytes('late'))).rejects.toThrow('fell silent');
  });
});
