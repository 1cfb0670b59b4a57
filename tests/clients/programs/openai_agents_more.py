# /// script
# requires-python = ">=3.11"
# dependencies = ["openai-agents[voice]>=0.20"]
# ///
import asyncio
import os

import numpy as np
from agents import (
    Agent,
    ImageGenerationTool,
    OpenAIConversationsSession,
    OpenAIResponsesModel,
    Runner,
    SQLiteSession,
    WebSearchTool,
    function_tool,
    set_tracing_disabled,
)
from agents.realtime import RealtimeAgent, RealtimeRunner
from agents.voice import AudioInput, OpenAIVoiceModelProvider, SingleAgentVoiceWorkflow, VoicePipeline
from features import main, tries
from openai import AsyncOpenAI, OpenAI

set_tracing_disabled(True)
PARIS = "What is the weather in Paris?"
asked = []


@function_tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    asked.append(city)
    return "14 degrees"


def agent(**more):
    """With a client of its own: one belongs to the loop that it first ran in."""
    return Agent("Guide", model=OpenAIResponsesModel("gpt-5.4-mini", AsyncOpenAI()), **more)


@tries("sessions")
def sessions():
    async def talked():
        for session in (SQLiteSession("a"), OpenAIConversationsSession(openai_client=AsyncOpenAI())):
            for words in ("My name is Ada.", "What is my name?"):
                await Runner.run(agent(), words, session=session)
            assert len(await session.get_items()) >= 4
            await session.clear_session()

    asyncio.run(talked())


@tries("hosted")
def hosted():
    drawing = ImageGenerationTool(tool_config={"type": "image_generation"})
    for tool, words in ((WebSearchTool(), "Search the web for kites"), (drawing, "Draw a picture of a fox")):
        run = Runner.run_sync(agent(tools=[tool]), words)
        assert run.new_items[0].type == "tool_call_item"


@tries("voice")
def voice():
    async def heard():
        pcm = OpenAI().audio.speech.create(
            model="gpt-4o-mini-tts", voice="alloy", input=PARIS, response_format="pcm"
        )
        provider = OpenAIVoiceModelProvider(openai_client=AsyncOpenAI())
        pipeline = VoicePipeline(
            workflow=SingleAgentVoiceWorkflow(agent(tools=[get_weather])),
            stt_model=provider.get_stt_model("gpt-transcribe"),
            tts_model=provider.get_tts_model("gpt-4o-mini-tts"),
        )
        run = await pipeline.run(AudioInput(buffer=np.frombuffer(pcm.read(), dtype=np.int16)))
        return [event async for event in run.stream() if event.type == "voice_stream_event_audio"]

    asked.clear()
    assert asyncio.run(heard())
    assert asked == ["Paris"]


@tries("realtime")
def realtime():
    async def talked():
        model = {"model_name": "gpt-realtime-2.1-mini", "modalities": ["audio"]}
        address = os.environ["OPENAI_BASE_URL"].replace("http", "ws", 1)
        runner = RealtimeRunner(RealtimeAgent("Guide", tools=[get_weather]), config={"model_settings": model})
        url = f"{address}/realtime?model=gpt-realtime-2.1-mini"
        session = await runner.run(model_config={"url": url})
        async with session, asyncio.timeout(30):
            await session.send_message(PARIS)
            async for event in session:
                assert event.type != "error", event
                if event.type == "audio_end":
                    return

    asked.clear()
    asyncio.run(talked())
    assert asked == ["Paris"]


main()
