// dependencies: @openai/agents@0.20 openai@7 zod@4
import { Agent, imageGenerationTool, MemorySession, OpenAIProvider, Runner, setTracingDisabled, tool, webSearchTool } from '@openai/agents';
import { z } from 'zod';

import { expect, main, tries } from './features.mjs';

setTracingDisabled(true);
const runners = [true, false].map(
  (useResponses) =>
    new Runner({
      modelProvider: new OpenAIProvider({ apiKey: process.env.OPENAI_API_KEY, baseURL: process.env.OPENAI_BASE_URL, useResponses }),
      model: 'gpt-5.4-mini',
    }),
);
const weather = tool({
  name: 'get_weather',
  description: 'The weather in a city',
  parameters: z.object({ city: z.string() }),
  execute: async ({ city }) => `14 degrees in ${city}`,
});
const outputs = (run) => run.newItems.filter((item) => item.type === 'tool_call_output_item').map((item) => item.output);

tries('chat', async () => {
  for (const runner of runners) {
    expect((await runner.run(new Agent({ name: 'Poet' }), 'hello there')).finalOutput, 'a text');
  }
});

tries('stream', async () => {
  for (const runner of runners) {
    const run = await runner.run(new Agent({ name: 'Poet' }), 'hello there', { stream: true });
    const parts = [];
    for await (const part of run.toTextStream()) parts.push(part);
    expect(parts.length > 3, 'a text in parts');
  }
});

tries('structured', async () => {
  const outputType = z.object({ name: z.string() });
  for (const runner of runners) {
    const run = await runner.run(new Agent({ name: 'Guide', outputType }), 'Name a city.');
    expect(outputType.safeParse(run.finalOutput).success, 'a city');
  }
});

tries('agent', async () => {
  for (const runner of runners) {
    const run = await runner.run(new Agent({ name: 'Guide', tools: [weather] }), 'What is the weather in Paris?');
    expect(outputs(run).join() === '14 degrees in Paris' && run.finalOutput, 'one result, then a text');
  }
});

tries('handoff', async () => {
  for (const runner of runners) {
    const spanish = new Agent({ name: 'Spanish agent', handoffDescription: 'Answers in Spanish' });
    const first = Agent.create({ name: 'Triage', handoffs: [spanish] });
    const run = await runner.run(first, 'Hand this to the Spanish agent: hola');
    expect(run.lastAgent.name === 'Spanish agent', 'the other agent');
  }
});

tries('sessions', async () => {
  for (const runner of runners) {
    const session = new MemorySession();
    await runner.run(new Agent({ name: 'Guide' }), 'My name is Ada.', { session });
    await runner.run(new Agent({ name: 'Guide' }), 'What is my name?', { session });
    expect((await session.getItems()).length >= 4, 'four items');
  }
});

tries('hosted', async () => {
  for (const [made, words] of [
    [webSearchTool(), 'Search the web for kites'],
    [imageGenerationTool(), 'Draw a picture of a fox'],
  ]) {
    const run = await runners[0].run(new Agent({ name: 'Guide', tools: [made] }), words);
    expect(run.newItems[0].type === 'tool_call_item', 'a call of the hosted tool');
  }
});

await main();
