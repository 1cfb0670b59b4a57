"""FastAPI; a WebSocket that takes JSON."""

from fastapi import FastAPI, WebSocket
from making import text

app = FastAPI()


@app.websocket("/ws/chat")
async def chat(socket: WebSocket):
    await socket.accept()
    while True:
        data = await socket.receive_json()
        await socket.send_json({"type": "start"})
        await socket.send_json({"type": "end", "key": text(data["line"])})
