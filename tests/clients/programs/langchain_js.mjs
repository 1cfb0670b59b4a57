// dependencies: @langchain/openai@1 @langchain/core@1 langchain@1 @langchain/classic@1 zod@4
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { JsonOutputParser, StringOutputParser } from '@langchain/core/output_parsers';
import { MemoryVectorStore } from '@langchain/classic/vectorstores/memory';
import { ChatOpenAI, OpenAIEmbeddings, tools } from '@langchain/openai';
import { createAgent, tool } from 'langchain';
import { z } from 'zod';

import { expect, main, tries } from './features.mjs';

const configuration = { baseURL: process.env.OPENAI_BASE_URL };
const models = [false, true].map(
  (useResponsesApi) => new ChatOpenAI({ model: 'gpt-5.4-mini', apiKey: process.env.OPENAI_API_KEY, useResponsesApi, configuration }),
);
const City = z.object({ name: z.string(), country: z.string() });
const weather = tool(async ({ city }) => `14 degrees in ${city}`, {
  name: 'get_weather',
  description: 'The weather in a city',
  schema: z.object({ city: z.string() }),
});
const PARIS = { messages: [{ role: 'user', content: 'What is the weather in Paris?' }] };

tries('chat', async () => {
  for (const model of models) expect((await model.invoke('hello there')).text, 'a text');
});

tries('stream', async () => {
  for (const model of models) {
    const parts = [];
    for await (const part of await model.stream('hello there')) parts.push(part.text);
    expect(parts.filter(Boolean).length > 3, 'a text in parts');
  }
});

tries('batch', async () => {
  for (const model of models) expect((await model.batch(['a', 'b', 'c'])).length === 3, 'three answers');
});

tries('structured', async () => {
  for (const model of models) {
    for (const method of ['jsonSchema', 'functionCalling', 'jsonMode']) {
      const asked = model.withStructuredOutput(City, { method });
      const found = await asked.invoke('Name a city and its country, as JSON with name and country.');
      expect(City.safeParse(found).success, `a city by ${method}`);
    }
  }
});

tries('json in words', async () => {
  const prompt = ChatPromptTemplate.fromTemplate('Answer in JSON: {{"name": "…"}}\n{question}');
  const found = await prompt.pipe(models[0]).pipe(new JsonOutputParser()).invoke({ question: 'Name a city.' });
  expect(found.name, 'a name');
  const text = await prompt.pipe(models[0]).pipe(new StringOutputParser()).invoke({ question: 'x' });
  expect(text, 'a text');
});

tries('agent', async () => {
  for (const model of models) {
    const { messages } = await createAgent({ model, tools: [weather] }).invoke(PARIS);
    const results = messages.filter((message) => message.getType() === 'tool');
    expect(results.map((each) => each.content).join() === '14 degrees in Paris', 'one result');
    expect(messages.at(-1).text, 'a last word');
  }
});

tries('agent_stream', async () => {
  for (const model of models) {
    const steps = [];
    const stream = await createAgent({ model, tools: [weather] }).stream(PARIS, { streamMode: 'updates' });
    for await (const step of stream) steps.push(Object.keys(step)[0]);
    expect(steps.length === 3, `three steps, not ${steps}`);
  }
});

tries('answer_format', async () => {
  for (const model of models) {
    const { structuredResponse } = await createAgent({ model, tools: [weather], responseFormat: City }).invoke({
      messages: [{ role: 'user', content: 'Name a city.' }],
    });
    expect(City.safeParse(structuredResponse).success, 'a city');
  }
});

tries('hosted', async () => {
  const drawn = await models[1].bindTools([tools.imageGeneration()]).invoke('Draw a picture of a fox');
  expect(drawn.additional_kwargs.tool_outputs[0].type === 'image_generation_call', 'a picture');
});

tries('embeddings', async () => {
  const store = new MemoryVectorStore(
    new OpenAIEmbeddings({ model: 'text-embedding-3-small', apiKey: process.env.OPENAI_API_KEY, configuration }),
  );
  await store.addDocuments(['a red kite', 'tax law', 'a whale'].map((pageContent) => ({ pageContent, metadata: {} })));
  const [found] = await store.similaritySearch('the red kite', 1);
  expect(found.pageContent === 'a red kite', 'what is alike');
});

await main();
