// dependencies: ai@6 @ai-sdk/openai@3 zod@4
import { createOpenAI } from '@ai-sdk/openai';
import {
  cosineSimilarity,
  embedMany,
  experimental_generateSpeech as generateSpeech,
  experimental_transcribe as transcribe,
  generateImage,
  generateObject,
  generateText,
  stepCountIs,
  streamObject,
  streamText,
  tool,
} from 'ai';
import { z } from 'zod';

import { control, expect, main, tries } from './features.mjs';

const openai = createOpenAI({ baseURL: process.env.OPENAI_BASE_URL, apiKey: 'k' });
const chat = openai.chat('gpt-5.4-mini');
const responses = openai.responses('gpt-5.4-mini');
const schema = z.object({ city: z.string(), population: z.number() });
const weather = tool({
  description: 'The weather in a city',
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => `14 degrees in ${city}`,
});
const PARIS = 'What is the weather in Paris?';

tries('chat', async () => {
  const { text, usage } = await generateText({ model: chat, prompt: 'hello there' });
  expect(text && usage.totalTokens > 0, 'a text and its usage');
});

tries('responses', async () => {
  const { text } = await generateText({ model: responses, prompt: 'hello there' });
  expect(text, 'a text');
});

tries('stream', async () => {
  for (const model of [chat, responses]) {
    const parts = [];
    const stream = streamText({ model, prompt: 'hello there' });
    for await (const part of stream.textStream) parts.push(part);
    expect(parts.length > 2 && (await stream.text) === parts.join(''), 'a text in parts');
  }
});

tries('structured', async () => {
  for (const model of [chat, responses]) {
    const { object } = await generateObject({ model, schema, prompt: 'Paris has 2000000 people' });
    expect(schema.safeParse(object).success, 'an object that fits');
    const stream = streamObject({ model, schema, prompt: 'Paris has 2000000 people' });
    for await (const part of stream.partialObjectStream) expect(part, 'a part of an object');
    expect(schema.safeParse(await stream.object).success, 'a streamed object that fits');
  }
});

tries('agent', async () => {
  for (const model of [chat, responses]) {
    const { text, steps } = await generateText({
      model,
      tools: { weather },
      stopWhen: stepCountIs(5),
      prompt: PARIS,
    });
    const called = steps.flatMap((step) => step.toolCalls).map((call) => call.input.city);
    expect(text && called.join() === 'Paris' && steps.length === 2, 'one call, then a text');
  }
});

tries('agent_stream', async () => {
  for (const model of [chat, responses]) {
    const stream = streamText({ model, tools: { weather }, stopWhen: stepCountIs(5), prompt: PARIS });
    await stream.consumeStream();
    expect((await stream.text) && (await stream.steps).length === 2, 'a loop that ends');
  }
});

tries('embeddings', async () => {
  const { embeddings } = await embedMany({
    model: openai.embedding('text-embedding-3-small'),
    values: ['a red kite', 'the red kite', 'tax law'],
  });
  const [first, near, far] = embeddings;
  expect(cosineSimilarity(first, near) > cosineSimilarity(first, far), 'what is alike to be near');
});

tries('images', async () => {
  const { image } = await generateImage({ model: openai.image('gpt-image-2'), prompt: 'a fox', size: '1024x1024' });
  expect(image.mediaType === 'image/png' && image.uint8Array.length > 1000, 'a picture');
});

const speak = (words) => generateSpeech({ model: openai.speech('tts-1'), text: words, voice: 'alloy' });

tries('speech', async () => {
  const { audio } = await speak('hello there');
  expect(audio.uint8Array.length > 1000, 'a sound');
});

tries('transcription', async () => {
  const { audio } = await speak('hello there');
  const { text } = await transcribe({ model: openai.transcription('whisper-1'), audio: audio.uint8Array });
  expect(text === 'hello there', `its words, not '${text}'`);
});

tries('errors', async () => {
  await control('POST', '/faults', { status: 429, times: 1 });
  const { text } = await generateText({ model: responses, prompt: 'hello there' });
  expect(text, 'that it asks again');
  const status = await generateText({ model: openai.chat('gpt-none'), prompt: 'x', maxRetries: 0 }).catch(
    (error) => error.statusCode,
  );
  expect(status === 404, `a 404, not ${status}`);
});

await main();
