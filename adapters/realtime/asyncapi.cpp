#include "adapters/realtime/asyncapi.hpp"

#include <string>

namespace carillon::realtime {

namespace {

// In two pieces: what there is to talk with, and the frames.

constexpr std::string_view document = R"json({
  "asyncapi": "3.0.0",
  "info": {
    "title": "Carillon live inbox",
    "version": "1.0.0",
    "description": "In-app notifications of one recipient as they happen. Every notification and update has an offset, dense per recipient and in the order of planning. A client keeps the offset of the last frame it handled and resumes with it after a break: nothing is lost, nothing comes twice."
  },
  "defaultContentType": "application/json",
  "servers": {
    "here": {
      "host": "127.0.0.1:8080",
      "protocol": "ws",
      "description": "Also over TLS (wss), and as text/event-stream over HTTP.",
      "security": [{ "$ref": "#/components/securitySchemes/recipient_token" }]
    }
  },
  "channels": {
    "websocket": {
      "address": "/v1/stream",
      "description": "WebSocket, subprotocol carillon.v1, text frames of at most 64 KiB, no compression. The token is in the Authorization header, in the list of subprotocols as bearer.<token>, or in the query as access_token. Close codes: 1001 the node stops, 1008 too many bad frames, no first frame or no pong, 1009 a frame too large, 1013 too slow or not possible now. After any of them: come back and resume.",
      "messages": {
        "start": { "$ref": "#/components/messages/start" },
        "resume": { "$ref": "#/components/messages/resume" },
        "ack": { "$ref": "#/components/messages/ack" },
        "read": { "$ref": "#/components/messages/read" },
        "read_all": { "$ref": "#/components/messages/read_all" },
        "archive": { "$ref": "#/components/messages/archive" },
        "act": { "$ref": "#/components/messages/act" },
        "pong": { "$ref": "#/components/messages/pong" },
        "hello": { "$ref": "#/components/messages/hello" },
        "notification": { "$ref": "#/components/messages/notification" },
        "update": { "$ref": "#/components/messages/update" },
        "ping": { "$ref": "#/components/messages/ping" },
        "error": { "$ref": "#/components/messages/error" }
      },
      "bindings": {
        "ws": {
          "method": "GET",
          "query": {
            "type": "object",
            "properties": { "access_token": { "type": "string" } }
          }
        }
      }
    },
    "events": {
      "address": "/v1/stream",
      "description": "Server-sent events, with Accept: text/event-stream. The event's name is the frame's op, its data the frame, its id the offset; Last-Event-ID resumes. Comments keep the line alive. Commands go over POST /v1/inbox.",
      "messages": {
        "hello": { "$ref": "#/components/messages/hello" },
        "notification": { "$ref": "#/components/messages/notification" },
        "update": { "$ref": "#/components/messages/update" }
      }
    }
  },
  "operations": {
    "receive_from_client": {
      "action": "receive",
      "channel": { "$ref": "#/channels/websocket" },
      "summary": "What a client says. The first frame is start or resume, within 10 seconds.",
      "messages": [
        { "$ref": "#/channels/websocket/messages/start" },
        { "$ref": "#/channels/websocket/messages/resume" },
        { "$ref": "#/channels/websocket/messages/ack" },
        { "$ref": "#/channels/websocket/messages/read" },
        { "$ref": "#/channels/websocket/messages/read_all" },
        { "$ref": "#/channels/websocket/messages/archive" },
        { "$ref": "#/channels/websocket/messages/act" },
        { "$ref": "#/channels/websocket/messages/pong" }
      ]
    },
    "send_to_client": {
      "action": "send",
      "channel": { "$ref": "#/channels/websocket" },
      "summary": "What the server says: hello first, then what was missed, then what happens.",
      "messages": [
        { "$ref": "#/channels/websocket/messages/hello" },
        { "$ref": "#/channels/websocket/messages/notification" },
        { "$ref": "#/channels/websocket/messages/update" },
        { "$ref": "#/channels/websocket/messages/ping" },
        { "$ref": "#/channels/websocket/messages/error" }
      ]
    },
    "send_events": {
      "action": "send",
      "channel": { "$ref": "#/channels/events" },
      "summary": "The same as server-sent events.",
      "messages": [
        { "$ref": "#/channels/events/messages/hello" },
        { "$ref": "#/channels/events/messages/notification" },
        { "$ref": "#/channels/events/messages/update" }
      ]
    }
  },
)json";

constexpr std::string_view components = R"json(  "components": {
    "securitySchemes": {
      "recipient_token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "From POST /v1/recipients/{id}/tokens."
      }
    },
    "messages": {
      "start": { "summary": "Begin with what comes from now on.", "payload": { "$ref": "#/components/schemas/start" } },
      "resume": { "summary": "Go on after an offset.", "payload": { "$ref": "#/components/schemas/resume" } },
      "ack": { "summary": "It arrived: confirms delivery and stops a fallback.", "payload": { "$ref": "#/components/schemas/ack" } },
      "read": { "summary": "It was read.", "payload": { "$ref": "#/components/schemas/read" } },
      "read_all": { "summary": "Everything was read.", "payload": { "$ref": "#/components/schemas/read_all" } },
      "archive": { "summary": "It is put away.", "payload": { "$ref": "#/components/schemas/archive" } },
      "act": { "summary": "One of its actions was taken.", "payload": { "$ref": "#/components/schemas/act" } },
      "pong": { "summary": "The answer to a ping.", "payload": { "$ref": "#/components/schemas/pong" } },
      "hello": { "summary": "Where the recipient stands.", "payload": { "$ref": "#/components/schemas/hello" } },
      "notification": { "summary": "A message is in the inbox.", "payload": { "$ref": "#/components/schemas/notification" } },
      "update": { "summary": "A message's state changed, here or elsewhere.", "payload": { "$ref": "#/components/schemas/update" } },
      "ping": { "summary": "Answer with pong, or be closed.", "payload": { "$ref": "#/components/schemas/ping" } },
      "error": { "summary": "A frame was refused.", "payload": { "$ref": "#/components/schemas/error" } }
    },
    "schemas": {
      "id": {
        "type": "string",
        "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
      },
      "offset": { "type": "integer", "minimum": 0 },
      "state": { "type": "string", "enum": ["unread", "acked", "read", "acted", "archived"] },
      "time": { "type": "string", "format": "date-time" },
      "start": {
        "type": "object",
        "required": ["op"],
        "additionalProperties": false,
        "properties": { "op": { "const": "start" } }
      },
      "resume": {
        "type": "object",
        "required": ["op", "offset"],
        "additionalProperties": false,
        "properties": { "op": { "const": "resume" }, "offset": { "$ref": "#/components/schemas/offset" } }
      },
      "ack": {
        "type": "object",
        "required": ["op", "id"],
        "additionalProperties": false,
        "properties": { "op": { "const": "ack" }, "id": { "$ref": "#/components/schemas/id" } }
      },
      "read": {
        "type": "object",
        "required": ["op", "id"],
        "additionalProperties": false,
        "properties": { "op": { "const": "read" }, "id": { "$ref": "#/components/schemas/id" } }
      },
      "read_all": {
        "type": "object",
        "required": ["op"],
        "additionalProperties": false,
        "properties": { "op": { "const": "read_all" } }
      },
      "archive": {
        "type": "object",
        "required": ["op", "id"],
        "additionalProperties": false,
        "properties": { "op": { "const": "archive" }, "id": { "$ref": "#/components/schemas/id" } }
      },
      "act": {
        "type": "object",
        "required": ["op", "id", "action"],
        "additionalProperties": false,
        "properties": {
          "op": { "const": "act" },
          "id": { "$ref": "#/components/schemas/id" },
          "action": { "type": "string", "minLength": 1, "description": "The id of one of the message's actions." }
        }
      },
      "pong": {
        "type": "object",
        "required": ["op"],
        "additionalProperties": false,
        "properties": { "op": { "const": "pong" } }
      },
      "hello": {
        "type": "object",
        "required": ["op", "offset", "unread", "recovered"],
        "additionalProperties": false,
        "properties": {
          "op": { "const": "hello" },
          "offset": {
            "$ref": "#/components/schemas/offset",
            "description": "Where the stream goes on from: resume with it until another frame came."
          },
          "unread": { "type": "integer", "minimum": 0 },
          "recovered": {
            "type": "boolean",
            "description": "False: more was missed than is kept. Forget what you have; the unread messages follow."
          }
        }
      },
      "notification": {
        "type": "object",
        "required": ["op", "offset", "notification"],
        "additionalProperties": false,
        "properties": {
          "op": { "const": "notification" },
          "offset": { "$ref": "#/components/schemas/offset" },
          "notification": { "$ref": "#/components/schemas/message" }
        }
      },
      "message": {
        "type": "object",
        "required": ["id", "type", "priority", "title", "body", "actions", "data", "created_at", "expires_at"],
        "additionalProperties": false,
        "properties": {
          "id": { "$ref": "#/components/schemas/id" },
          "type": { "type": "string" },
          "priority": { "type": "string", "enum": ["critical", "high", "normal", "low", "bulk"] },
          "title": { "type": "string" },
          "body": { "type": "string" },
          "actions": { "type": "array" },
          "data": { "type": "object" },
          "created_at": { "$ref": "#/components/schemas/time" },
          "expires_at": { "type": ["string", "null"], "format": "date-time" }
        }
      },
      "update": {
        "type": "object",
        "required": ["op", "offset", "id", "state", "unread"],
        "additionalProperties": false,
        "properties": {
          "op": { "const": "update" },
          "offset": { "$ref": "#/components/schemas/offset" },
          "id": {
            "type": ["string", "null"],
            "description": "Null: all messages up to this offset that were not read."
          },
          "state": { "$ref": "#/components/schemas/state" },
          "unread": { "type": "integer", "minimum": 0, "description": "How many are unread after it." }
        }
      },
      "ping": {
        "type": "object",
        "required": ["op"],
        "additionalProperties": false,
        "properties": { "op": { "const": "ping" } }
      },
      "error": {
        "type": "object",
        "required": ["op", "detail", "ref"],
        "additionalProperties": false,
        "properties": {
          "op": { "const": "error" },
          "detail": { "type": "string" },
          "ref": { "type": ["string", "null"], "description": "The op that was refused, if it had one." }
        }
      }
    }
  }
}
)json";

} // namespace

std::string_view asyncapi_document() {
  static const std::string text = std::string{document} + std::string{components};
  return text;
}

} // namespace carillon::realtime
