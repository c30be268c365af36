import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { PathWord } from '#ports';
import { MemoryPaths } from './memory-path-prober.js';
import { PROBE_PORTS } from './names.js';
import { pathProberContract, settled, until } from './path-prober.contract.js';
import { UdpPathProber } from './udp-path-prober.js';

describe('in memory', () => {
  const paths = new MemoryPaths();
  pathProberContract({ make: () => paths.prober(), addresses: ['127.83.0.1', '127.83.0.2'] });
});

describe('by datagrams', () => {
  pathProberContract({ make: () => new UdpPathProber(), addresses: ['127.83.0.1', '127.83.0.2'] });

  describe('of others', () => {
    const [here, there] = ['127.83.1.1', '127.83.1.2'];
    const prober = new UdpPathProber();
    const answers: PathWord[] = [];
    let asked = 0;
    let socket: Socket;
    const received: Buffer[] = [];
    const send = (data: Buffer): void => socket.send(data, PROBE_PORTS.route, here);
    const listen = async (port: number): Promise<void> => {
      socket = createSocket('udp4');
      socket.on('message', (data) => received.push(data));
      socket.bind(port, there);
      await once(socket, 'listening');
    };

    beforeEach(async () => {
      answers.length = asked = received.length = 0;
      await prober.open(here, { asked: () => (asked++, 'route'), answered: (word) => void answers.push(word) });
    });
    afterEach(async () => {
      socket.close();
      await prober.close();
    });

    test('an answer counts once, and only with what the newest question said', async () => {
      await listen(PROBE_PORTS.route);
      for (let i = 0; i < 2; i++) prober.ask({ to: there, way: 'route', stance: 'route' });
      await until(() => received.length === 2);
      const [old = Buffer.alloc(0), question = Buffer.alloc(0)] = received;
      const answerTo = (data: Buffer): Buffer => {
        const answer = Buffer.from(data);
        answer[7] = 0x21;
        return answer;
      };
      const guessed = answerTo(question);
      guessed[20] = (guessed[20] ?? 0) ^ 1;
      for (const data of [answerTo(old), guessed]) send(data);
      await settled();
      expect(answers).toEqual([]);
      for (let i = 0; i < 3; i++) send(answerTo(question));
      await until(() => answers.length > 0);
      await settled();
      expect(answers).toEqual([{ from: there, way: 'route', stance: 'route' }]);
      // After it was forgotten, nothing is waited for.
      prober.ask({ to: there, way: 'route', stance: 'route' });
      await until(() => received.length === 3);
      prober.forget(there);
      send(answerTo(received[2] ?? Buffer.alloc(0)));
      await settled();
      expect(answers).toHaveLength(1);
    });
    test('a question is answered once with as many bytes; other texts, and other ports, are not', async () => {
      await listen(PROBE_PORTS.route);
      prober.ask({ to: there, way: 'route', stance: 'vxlan' });
      await until(() => received.length === 1);
      const [question = Buffer.alloc(0)] = received.splice(0);
      send(question);
      await until(() => received.length === 1);
      expect(received.splice(0)[0]?.length).toBe(question.length);
      const changed = (at: number, value: number): Buffer => {
        const data = Buffer.from(question);
        data[at] = value;
        return data;
      };
      const wrong = [
        Buffer.alloc(0),
        question.subarray(1),
        Buffer.concat([question, question]),
        changed(0, 0),
        changed(7, 0),
        changed(8, 4),
        changed(8, 255),
      ];
      for (const data of wrong) send(data);
      await settled();
      expect([asked, received.length]).toEqual([1, 0]);
      socket.close();
      await listen(0);
      send(question);
      await settled();
      expect([asked, received.length]).toEqual([1, 0]);
    });
    test('an address that is not there is refused in a sentence, and may be opened later', async () => {
      await listen(0);
      const other = new UdpPathProber();
      const listener = { asked: () => undefined, answered: () => undefined };
      await expect(other.open('192.0.2.200', listener)).rejects.toThrow(
        /^UDP ports 8473 and 8474 of 192\.0\.2\.200 cannot be used: .*EADDRNOTAVAIL/,
      );
      await other.open('127.83.1.9', listener);
      await other.close();
    });
  });
});
