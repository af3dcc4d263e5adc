#!/bin/sh
# A server of tools for tests, which does by its first argument what servers should not. What it hears is written to the file that
# LOG names; where the file that its second argument names is there, its tools are others.
mode=$1
changed=$2
echo "$$ started" >>"$LOG"
answer() {
    printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$1"
}
text() {
    answer "{\"content\":[{\"type\":\"text\",\"text\":\"$1\"}]}"
}
tool() {
    printf '{"name":"%s","description":"%s","inputSchema":{"type":"object","properties":{"text":{"type":"string"}}},"annotations":{"readOnlyHint":true}}' "$1" "$2"
}
call() {
    case $mode in
    dies) echo "the disk is on fire" >&2; exit 3 ;;
    twice) text first; text second ;;
    silent) ;;
    late) late=$id ;;
    endless) yes word | tr -d '\n' ;;
    chatters) yes '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"word"}}' ;;
    asks)
        asking=$id
        echo '{"jsonrpc":"2.0","id":900,"method":"sampling/createMessage","params":{"messages":[],"maxTokens":1}}'
        echo '{"jsonrpc":"2.0","id":901,"method":"elicitation/create","params":{"message":"your key?","requestedSchema":{"type":"object","properties":{}}}}'
        ;;
    wants)
        asking=$id
        echo '{"jsonrpc":"2.0","id":901,"method":"elicitation/create","params":{"message":"your name?","requestedSchema":{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"}},"required":["name","age"]}}}'
        ;;
    changes)
        : >"$changed"
        echo '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}'
        text "it is done"
        ;;
    progress)
        token=${line#*\"progressToken\":}
        token=${token%%[,\}]*}
        echo "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":$token,\"progress\":1,\"total\":2,\"message\":\"half way\"}}"
        watched=$id
        ;;
    odd) answer '{"content":[{"type":"text","text":5}],"isError":"maybe"}' ;;
    fails) answer '{"content":[{"type":"text","text":"it cannot be"}],"isError":true}' ;;
    refuses) printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32602,"message":"no such thing"}}\n' "$id" ;;
    *) text "pid $$ in $PWD, token $TOKEN, key ${OPENAI_API_KEY:-none}" ;;
    esac
}
while IFS= read -r line; do
    echo "$line" >>"$LOG"
    id=${line#*\"id\":}
    id=${id%%[,\}]*}
    case $line in
    *'"method":"initialize"'*)
        [ "$mode" = mute ] || answer '{"protocolVersion":"2025-06-18","capabilities":{"tools":{"listChanged":true}},"serverInfo":{"name":"double","version":"1"}}'
        ;;
    *'"method":"tools/list"'*)
        if [ "$mode" = pages ]; then
            answer "{\"tools\":[$(tool say 'Says it.')],\"nextCursor\":\"more\"}"
        elif [ -e "$changed" ]; then
            answer "{\"tools\":[$(tool say 'Says it louder.'),$(tool new 'Comes.')]}"
        else
            answer "{\"tools\":[$(tool say 'Says it.'),$(tool old 'Goes.'),$(tool 'no name' '')]}"
        fi
        ;;
    *'"method":"tools/call"'*) call ;;
    *'"method":"notifications/cancelled"'*) id=$late; [ "$mode" = late ] && text "it had ended already" ;;
    *'"id":901'*)
        id=$asking
        case $line in
        *'"decline"'*) text "you declined" ;;
        *'"cancel"'*) text "you went away" ;;
        *'"accept"'*)
            name=${line#*\"name\":\"}
            age=${line#*\"age\":}
            text "you are ${name%%\"*}, ${age%%[,\}]*}"
            ;;
        esac
        ;;
    *'"method":"go on"'*) id=$watched; text "all of it" ;;
    esac
done
