import json, os, socket
value = {"text": "words", "numbers": [1, 2.5, None], "nested": {"true": True}}
with open("kept.json", "w") as file:
    json.dump(value, file)
with open("kept.json") as file:
    print("json", json.load(file) == value, os.path.getsize("kept.json"))
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
server, _ = listener.accept()
client.sendall(b"ping")
server.sendall(server.recv(4).upper())
print("tcp", client.recv(4).decode())
