"""A small real job: parse, compute, write a file, and try a socket that the sandbox refuses."""

import json
import socket
import sys

orders = json.loads('[{"item": "rope", "price": 12.5}, {"item": "lamp", "price": 30}]')
total = sum(order["price"] for order in orders)
with open(sys.argv[1], "w", encoding="ascii") as report:
    json.dump({"orders": len(orders), "total": total}, report)
with open(sys.argv[1], encoding="ascii") as report:
    print("report:", report.read())

try:
    socket.socket()
except PermissionError as error:
    print("socket:", error)
else:
    sys.exit("a socket was opened, though the sandbox forbids it")
