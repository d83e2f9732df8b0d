/** The feed of events with a source that the test controls: order, catching up, resets. */
import { describe, expect, test } from 'vitest';
import { ALL, LiveFeed, type LiveEvent, type LiveSource } from '../../src/http/live-feed.ts';

type Polled = LiveEvent[] | null | Error;

/** A source that answers what is put in, then nothing new. */
function scripted() {
  const answers: Polled[] = [];
  const queried: string[][] = [];
  const source: LiveSource = {
    poll: async (instruments) => {
      queried.push([...instruments]);
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return answer === undefined ? [] : answer;
    },
  };
  return { answers, queried, source };
}

function client(instrument: string) {
  const got: { type: string; id: string; data: unknown }[] = [];
  const send = (type: string, id: string, data: unknown): void => void got.push({ type, id, data });
  return { got, subscriber: { instrument, send } };
}

const candle = (instrument: string, data: number): LiveEvent => ({
  type: 'candle',
  instrument,
  data,
});

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 400 && !holds(); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(holds()).toBe(true);
}

const makeFeed = (source: LiveSource, onError: (error: unknown) => void = () => undefined) =>
  new LiveFeed({ source: () => source, run: 'run', onError, pollMs: 10 });

describe('live feed', () => {
  test('begins with a reset, then hands on what the client asked for', async () => {
    const { answers, source } = scripted();
    const feed = makeFeed(source);
    const [one, all] = [client('a:X'), client(ALL)];
    feed.subscribe(one.subscriber, null);
    feed.subscribe(all.subscriber, null);
    await until(() => one.got.length === 1 && all.got.length === 1);
    expect(one.got[0]?.type).toBe('reset');
    answers.push([
      candle('a:X', 1),
      candle('b:Y', 2),
      { type: 'model', instrument: null, data: 3 },
    ]);
    await until(() => all.got.length === 4);
    expect(one.got.slice(1).map(({ data }) => data)).toEqual([1, 3]);
    expect(all.got.slice(1).map(({ data }) => data)).toEqual([1, 2, 3]);
    feed.close();
  });

  test('goes on behind the last id, and resets for an id that it cannot know', async () => {
    const { answers, source } = scripted();
    const feed = makeFeed(source);
    const first = client('a:X');
    feed.subscribe(first.subscriber, null);
    await until(() => first.got.length === 1);
    answers.push([candle('a:X', 1), candle('a:X', 2), candle('a:X', 3)]);
    await until(() => first.got.length === 4);
    const back = client('a:X');
    feed.subscribe(back.subscriber, first.got[1]?.id ?? '');
    expect(back.got).toEqual(first.got.slice(2));
    for (const id of ['other-1', 'run-999', 'nonsense']) {
      const stranger = client('a:X');
      feed.subscribe(stranger.subscriber, id);
      await until(() => stranger.got.length === 1);
      expect(stranger.got[0]?.type).toBe('reset');
    }
    feed.close();
  });

  test('resets everybody when there was too much, and nobody can go on from before', async () => {
    const { answers, source } = scripted();
    const feed = makeFeed(source);
    const first = client('a:X');
    feed.subscribe(first.subscriber, null);
    await until(() => first.got.length === 1);
    answers.push([candle('a:X', 1)], null);
    await until(() => first.got.length === 3);
    expect(first.got.map(({ type }) => type)).toEqual(['reset', 'candle', 'reset']);
    const late = client('a:X');
    feed.subscribe(late.subscriber, first.got[1]?.id ?? '');
    expect(late.got).toEqual([]);
    await until(() => late.got[0]?.type === 'reset');
    feed.close();
  });

  test('outlives a failed poll and loses nothing by it', async () => {
    const { answers, source } = scripted();
    const errors: unknown[] = [];
    const feed = makeFeed(source, (error) => errors.push(error));
    const first = client('a:X');
    feed.subscribe(first.subscriber, null);
    await until(() => first.got.length === 1);
    answers.push(new Error('away'), [candle('a:X', 1)]);
    await until(() => first.got.length === 2);
    expect(errors).toHaveLength(1);
    feed.close();
  });

  test('asks nobody while nobody listens, and what happened then is a reset', async () => {
    const { queried, source } = scripted();
    const feed = makeFeed(source);
    const first = client('a:X');
    const end = feed.subscribe(first.subscriber, null);
    await until(() => first.got.length === 1);
    end();
    await new Promise((resolve) => setTimeout(resolve, 60));
    const polls = queried.length;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(queried).toHaveLength(polls);
    const back = client('a:X');
    feed.subscribe(back.subscriber, first.got[0]?.id ?? '');
    await until(() => back.got.length === 1);
    expect(back.got[0]?.type).toBe('reset');
    feed.close();
  });
});
