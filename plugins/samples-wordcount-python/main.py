"""A plugin of PluginHost in Python 3, with nothing but its standard library. docs/other-languages.md says what the host expects."""

import json
import os
import socket
import sys
import threading
from collections import Counter


class DeclaredError(Exception):
    """An exception that the contract declares: the host rebuilds it from its type and its members."""

    def __init__(self, type_name, message, **members):
        super().__init__(message)
        self.data = {"type": type_name, "value": {"message": message, **members}}


class Cancelled(Exception):
    """The caller asked for the end of its call."""


class WordCount:
    """The contract. Arguments come by position; the token is last and never comes over the wire."""

    def __init__(self):
        self._started = self._stopped = 0
        self._lock = threading.Lock()

    def count(self, text, top, _token):
        if not 0 <= top <= 1000:
            raise DeclaredError("Samples.Contracts.InvalidTopException", f"{top} words cannot be named; ask for 0 to 1000.", top=top)
        words = text.replace("\t", " ").replace("\r", " ").replace("\n", " ").split(" ")
        counts = Counter(word for word in words if word)
        return {
            "words": counts.total(),
            "lines": text.count("\n") + (1 if text and not text.endswith("\n") else 0),
            "characters": len(text),
            "frequent": [{"word": word, "count": count} for word, count in counts.most_common(top)],
        }

    def wait(self, milliseconds, token):
        with self._lock:
            self._started += 1
        if token.wait(milliseconds / 1000):
            with self._lock:
                self._stopped += 1
            raise Cancelled

    def waits(self, _token):
        return {"started": self._started, "stopped": self._stopped}


class Connection:
    """JSON-RPC 2.0 behind a Content-Length header. A thread a call; one lock for what is written."""

    def __init__(self, reader, writer, methods):
        self._reader = reader
        self._writer = writer
        self._methods = methods
        self._writing = threading.Lock()
        self._tokens = {}

    def run(self):
        while (message := self._read()) is not None:
            method, params, call = message.get("method"), message.get("params") or [], message.get("id")
            if method == "$/cancelRequest":
                if token := self._tokens.get(params["id"]):
                    token.set()
            elif "id" in message and method is not None:
                self._tokens[call] = threading.Event()
                threading.Thread(target=self._answer, args=(call, method, params), daemon=True).start()

    def _answer(self, call, method, params):
        answer = {"jsonrpc": "2.0", "id": call}
        try:
            if method not in self._methods:
                answer["error"] = {"code": -32601, "message": f"There is no method {method}."}
            else:
                answer["result"] = self._methods[method](*params, self._tokens[call])
        except DeclaredError as error:
            answer["error"] = {"code": 1, "message": str(error), "data": error.data}
        except Cancelled:
            answer["error"] = {"code": -32800, "message": "Cancelled as asked."}
        except Exception as error:  # Whatever it was, its caller must have an answer.
            answer["error"] = {"code": -32000, "message": str(error), "data": {"type": type(error).__name__, "message": str(error)}}
        finally:
            del self._tokens[call]
        self._write(answer)

    def _read(self):
        length = 0
        while (line := self._reader.readline()) != b"\r\n":
            if not line:
                return None
            name, _, value = line.partition(b":")
            if name.strip().lower() == b"content-length":
                length = int(value)
        return json.loads(self._reader.read(length))

    def _write(self, message):
        body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        with self._writing:
            self._writer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
            self._writer.flush()


def start(request, _token):
    """The first request: which plugin this is, its settings and its data folder. Any result will do; an error ends the start."""
    print(f"{request['pluginId']} {request['version']} runs on Python {sys.version.split()[0]}")


def main():
    # With "channel": "descriptor" in plugin.json the host names a socket; else it speaks on standard input and output.
    if descriptor := os.environ.get("PLUGINHOST_FD"):
        stream = socket.socket(fileno=int(descriptor))
        reader, writer = stream.makefile("rb"), stream.makefile("wb")
    else:
        reader, writer = sys.stdin.buffer, sys.stdout.buffer

    # Standard output belongs to the messages: what is printed goes to standard error, which the host logs.
    sys.stdout = sys.stderr
    words = WordCount()
    methods = {"$/pluginhost/load": start, "WordCount.Count": words.count, "WordCount.Wait": words.wait, "WordCount.Waits": words.waits}

    # The host closes the channel when it wants the plugin to end, and so does the system when the host dies.
    Connection(reader, writer, methods).run()


main()
